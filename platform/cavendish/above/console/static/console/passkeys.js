// Shows why a passkey did not work, beside the button.
(function () {
  document.addEventListener('allauth.error', function (event) {
    event.preventDefault()
    const place = document.getElementById('passkey_problem') || create()
    const name = event.detail.exception && event.detail.exception.name
    place.textContent = name === 'InvalidStateError'
      ? 'You already have a passkey on this device.'
      : name === 'NotAllowedError'
        ? 'The request was canceled or timed out. Try again.'
        : 'The passkey could not be used. Try again, or use another method.'
    place.hidden = false
  })

  function create () {
    const place = document.createElement('p')
    place.id = 'passkey_problem'
    place.className = 'alert error'
    place.setAttribute('role', 'alert')
    const heading = document.querySelector('main h1').parentElement
    heading.after(place)
    return place
  }
})()
