// Takes the names of hidden keys out of every answer of Redis that lists names. Their values are out of reach by the
// server's own access list; names are not, and a session's name is the session.
'use strict'

const LISTS = { scan: (answer, seen) => [answer[0], answer[1].filter(seen)], keys: (answer, seen) => answer.filter(seen) }

/** Make every client of this `Redis` class blind to keys that begin with one of `beginnings`. */
exports.hide = (Redis, beginnings) => {
  const seen = (name) => !beginnings.some((beginning) => String(name).startsWith(beginning))
  const send = Redis.prototype.sendCommand
  Redis.prototype.sendCommand = function (command, ...rest) {
    const filter = Object.hasOwn(LISTS, command.name.toLowerCase()) && LISTS[command.name.toLowerCase()]
    if (filter) {
      const transform = command.transformReply.bind(command)
      command.transformReply = (answer) => {
        const given = transform(answer)
        return Array.isArray(given) ? filter(given, seen) : given
      }
    }
    return send.call(this, command, ...rest)
  }
}
