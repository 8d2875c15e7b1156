// Node servers have no option for a Unix socket: this makes `server.listen(port)` listen on $LISTEN_UDS.
const net = require('net'), fs = require('fs'), path = process.env.LISTEN_UDS
if (path) {
  const listen = net.Server.prototype.listen
  net.Server.prototype.listen = function (...args) {
    const first = args[0]
    const port = typeof first === 'object' && first !== null ? first.port : first
    if (port === undefined || Number.isNaN(Number(port)) || String(port) !== String(process.env.PORT)) {
      return listen.apply(this, args)
    }
    try { fs.unlinkSync(path) } catch {}
    this.once('listening', () => fs.chmodSync(path, 0o666)) // its folder decides who may come near it
    return listen.call(this, { path }, args.find((argument) => typeof argument === 'function'))
  }
}

// Nginx before 1.29 takes an early hint (103) for the whole answer, so none is sent: a hint may always be left out.
require('http').ServerResponse.prototype.writeEarlyHints = (_hints, done) => done && process.nextTick(done)
