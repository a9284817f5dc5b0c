// What a browser says of a passkey that came to nothing, where the person looks: beside the button.
(function () {
  document.addEventListener('allauth.error', function (event) {
    event.preventDefault()
    const place = document.getElementById('passkey_problem') || made()
    const name = event.detail.exception && event.detail.exception.name
    place.textContent = name === 'InvalidStateError'
      ? 'This device holds a passkey of yours already.'
      : name === 'NotAllowedError'
        ? 'The browser was not allowed to use a passkey, or it took too long. Try again.'
        : 'The passkey could not be used here. Try again, or another way.'
    place.hidden = false
  })

  function made () {
    const place = document.createElement('p')
    place.id = 'passkey_problem'
    place.className = 'alert error'
    place.setAttribute('role', 'alert')
    const heading = document.querySelector('main h1').parentElement
    heading.after(place)
    return place
  }
})()
