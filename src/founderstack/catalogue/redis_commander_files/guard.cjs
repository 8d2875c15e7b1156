// The guard between the gateway and Redis Commander: who may speak to it, and what for.
//
// Redis Commander has no sign-in of its own here, and would let whoever reaches it connect to any server. The guard
// stands in front of every request and
//
// * refuses what does not carry the gateway's secret, so a neighbour on the same machine gets nothing;
// * lets through admins only, as the gateway names them, request by request: nothing outlives a sign-out;
// * refuses requests that another origin's page makes (cookies do not tell ports apart, origins do);
// * knows the few addresses that show something, and refuses all others;
// * lets the browser run the page's own scripts and no other: what is in a key or a value stays text.
'use strict'
const crypto = require('crypto')
const fs = require('fs')

const LONGEST_ANSWER_MS = 60_000
const STATIC = '(?:bootstrap|clipboard|css|dateformat|images|json-viewer|jstree|scripts|templates)/[\\w./-]+|favicon\\.png'
const SHOWN = {
  GET: new RegExp(`^/(?:|config|connections|${STATIC}|apiv2/(?:connection|redisCommands|server/.*|key/.*|keys/.*|keystree/.*|hash/key/.*))$`),
  POST: /^\/(?:signin|apiv2\/(?:exec|encodeString)\/[^/]+)$/,
}
// What its page offers and the guard refuses: other servers, exports, a frame of somebody else's site, and buttons
// whose handler holds the name of a key.
const HIDE = '<style>#redisExportData,#redisImportData,[href="#addServerModal"],[onclick^="toggleRedisModal"],#base64Button,#pageNav{display:none}</style>'

/** A listener that passes on to `listener` what an admin asks through the gateway. */
exports.guarded = (listener, { gateway_secret, mount, home }) => {
  const handlers = templateHandlers(home)
  return (request, response) => {
    const [path, query] = request.url.split(/\?(.*)/s)
    if (!vouched(request.headers, gateway_secret) || !fromOwnOrigin(request)) return refuse(response, 403)
    if (!/^[\w.:[\]-]+$/.test(request.headers.host ?? '')) return refuse(response, 403)
    if (path === mount) return refuse(response, 308, { Location: `${mount}/` })
    if (!path.startsWith(`${mount}/`) || !isShown(request.method, path.slice(mount.length))) return refuse(response, 403)
    forget(request)
    request.url = path + (query === undefined ? '' : `?${query}`)
    const end = setTimeout(() => response.destroy(), LONGEST_ANSWER_MS)
    response.once('close', () => clearTimeout(end))
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    if (path === `${mount}/`) {
      delete request.headers['if-none-match']
      secured(response, `https://${request.headers.host}${mount}/`, handlers)
    } else {
      response.setHeader('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'")
    }
    listener(request, response)
  }
}

const HEADERS = {
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
}

function vouched(headers, secret) {
  const digest = (text) => crypto.createHash('sha256').update(text).digest()
  const offered = String(headers['x-founder-gateway'] ?? '')
  return Boolean(secret) && crypto.timingSafeEqual(digest(offered), digest(secret))
    && headers['x-founder-role'] === 'admin' && /^[!-~]{1,64}$/.test(headers['x-founder-user'] ?? '')
    && /^[\w-]{16,128}$/.test(headers['x-founder-session'] ?? '')
}

function fromOwnOrigin({ method, headers }) {
  if (headers.origin !== undefined && headers.origin !== `https://${headers.host}`) return false
  const site = headers['sec-fetch-site'] ?? 'none'
  return ['same-origin', 'none'].includes(site) || (headers['sec-fetch-dest'] === 'document' && method === 'GET')
}

function isShown(method, inside) {
  if (!Object.hasOwn(SHOWN, method) || !SHOWN[method].test(inside)) return false
  try {
    return !decodeURIComponent(inside).split('/').slice(0, 3).some((part) => part === '..' || part === '.')
  } catch {
    return false
  }
}

function forget({ headers }) {
  for (const name of Object.keys(headers)) {
    if (/^(?:x-founder-|x-forwarded-|forwarded$|x-real-ip$|cookie$|authorization$)/.test(name)) delete headers[name]
  }
}

function refuse(response, status, headers = {}) {
  response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain', ...headers })
  response.end(status === 403 ? 'Only through the gateway, and only to look.\n' : '')
}

/** Have the page carry a policy that names each of its own scripts by digest; it holds nothing that a key could. */
function secured(response, base, handlers) {
  const end = response.end
  response.end = function (body, ...rest) {
    const page = String(body ?? '').replace('</head>', `${HIDE}</head>`)
    const scripts = [...page.matchAll(/<script(?![^>]*\bsrc=)[^>]*>(.*?)<\/script>/gs)].map((found) => found[1])
    const hashes = [...scripts, ...inHandlers(page), ...handlers].map(hash)
    // `unsafe-eval` is for its templates, which are files of its own; a value is never part of one.
    const policy = `default-src 'none'; script-src ${base} 'unsafe-eval' 'unsafe-hashes' ${[...new Set(hashes)].join(' ')}; `
      + `style-src ${base} 'unsafe-inline'; img-src ${base} data:; font-src ${base}; connect-src ${base}; `
      + "worker-src blob:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox allow-scripts allow-same-origin allow-modals"
    this.setHeader('Content-Security-Policy', policy)
    this.setHeader('Content-Length', Buffer.byteLength(page))
    return end.call(this, page, ...rest)
  }
}

function hash(script) {
  return `'sha256-${crypto.createHash('sha256').update(script).digest('base64')}'`
}

function inHandlers(text) {
  const unescaped = (handler) => handler.replace(/&#39;/g, "'").replace(/&quot;/g, '"').replace(/&amp;/g, '&')
  return [...text.matchAll(/\son\w+="([^"<]*)"/g)].map((found) => unescaped(found[1]))
}

/** The handlers that its templates hold as they are, without anything filled in. */
function templateHandlers(home) {
  const folder = `${home}/web/static/templates`
  return fs.readdirSync(folder).flatMap((name) => inHandlers(fs.readFileSync(`${folder}/${name}`, 'utf8')))
}
