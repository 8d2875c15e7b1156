// Redis Commander for one stack: configured, on a Unix socket, guarded, and blind to the keys that nobody is shown.
//
// Everything comes from the JSON file that FOUNDER_REDIS_COMMANDER_SETTINGS names (mode 0600): modules (the folder
// with node_modules), mount, socket, gateway_secret, hidden (beginnings of keys) and redis {label, host, port,
// username, password}. Nothing of this project is installed where it runs: Node and Redis Commander only.
'use strict'
const fs = require('fs')
const http = require('http')
const { createRequire } = require('module')
const { guarded } = require('./guard.cjs')
const { hide } = require('./hidden.cjs')

const settings = JSON.parse(fs.readFileSync(process.env.FOUNDER_REDIS_COMMANDER_SETTINGS, 'utf8'))
const from = createRequire(`${settings.modules}/package.json`)
const home = `${settings.modules}/node_modules/redis-commander`

process.env.NODE_CONFIG_DIR = `${home}/config`
process.env.NODE_CONFIG = JSON.stringify({
  noSave: true,
  noLogData: true,
  redis: { readOnly: true },
  server: { urlPrefix: settings.mount },
  connections: [{ ...settings.redis, dbIndex: 0, connectionName: 'redis-commander' }],
})
// Its own log names every key that somebody looks at.
console.log = () => {}

hide(from('ioredis'), settings.hidden)

const createServer = http.createServer
http.createServer = (listener) => {
  const server = createServer(guarded(listener, { ...settings, home }))
  // A WebSocket would outlive a sign-out; Redis Commander needs none.
  server.on('upgrade', (_request, socket) => socket.destroy())
  server.listen = (_port, _address, done) => {
    try { fs.unlinkSync(settings.socket) } catch {}
    server.once('listening', () => fs.chmodSync(settings.socket, 0o666)) // its folder decides who may come near it
    return http.Server.prototype.listen.call(server, { path: settings.socket }, done)
  }
  return server
}

process.argv.length = 2
require(`${home}/bin/redis-commander.js`)
