// Shows why a passkey did not work, beside the button.
(function () {
  const english = document.documentElement.lang === 'en'

  document.addEventListener('allauth.error', function (event) {
    event.preventDefault()
    const place = document.getElementById('passkey_problem') || create()
    const name = event.detail.exception && event.detail.exception.name
    place.textContent = name === 'InvalidStateError'
      ? (english ? 'You already have a passkey on this device.' : '此设备上已有您的通行密钥。')
      : name === 'NotAllowedError'
        ? (english ? 'The request was canceled or timed out. Try again.' : '请求已取消或超时，请重试。')
        : (english ? 'The passkey could not be used. Try again, or use another method.' : '无法使用通行密钥。请重试，或改用其他方式。')
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
