/* global SwaggerUIBundle */

const scheme = matchMedia('(prefers-color-scheme: dark)')
const followScheme = () => document.documentElement.classList.toggle('dark-mode', scheme.matches)
followScheme()
scheme.addEventListener('change', followScheme)

let name = null

/** Whoever logs in here need not copy the token to where it is wanted. */
const takeToken = reply => {
  const path = new URL(reply.url, location.href).pathname
  if (reply.ok && (path === '/auth/login' || path === '/auth/refresh')) {
    name = reply.body.user?.name ?? name
    ui.preauthorizeApiKey('bearer', reply.body.token)
  }
  if (reply.ok && path === '/auth/logout') ui.authActions.logout(['bearer'])
  return reply
}

/** Swagger UI sends JSON in a form as if it were a file. */
const asFields = async request => {
  if (!(request.body instanceof FormData)) return request
  for (const [field, value] of [...request.body]) {
    if (value instanceof Blob && value.type === 'application/json' && value.name === 'blob')
      request.body.set(field, await value.text())
  }
  return request
}

const ui = SwaggerUIBundle({
  dom_id: '#reference',
  url: '/openapi.json',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  // A token is kept for as long as the page is open, and nowhere else.
  persistAuthorization: false,
  requestInterceptor: asFields,
  responseInterceptor: takeToken,
  tryItOutEnabled: true,
  // Nothing is sent to anybody's validator.
  validatorUrl: null,
})

const [stranger, user] = document.querySelectorAll('.session p')

const showSession = () => {
  const authorized = ui.authSelectors.authorized().size > 0
  if (!authorized) name = null
  stranger.hidden = authorized
  user.hidden = !authorized
  user.textContent = name ? `Logged in as ${name}.` : 'A token goes along with what you send.'
}
ui.getStore().subscribe(showSession)
