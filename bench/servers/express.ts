/** The same route on Express, wired the usual way: a string for a secret, default serializers, `res.json`. */
import type { AddressInfo } from 'node:net'
import express from 'express'
import helmet from 'helmet'
import passport from 'passport'
import { ExtractJwt, Strategy } from 'passport-jwt'
import pinoHttp from 'pino-http'
import { createClient } from 'redis'

const { REDIS_URL = '', JWT_SECRET = '' } = process.env
const redis = createClient({ url: REDIS_URL })
await redis.connect()

passport.use(
  new Strategy(
    { secretOrKey: JWT_SECRET, jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken() },
    (claims, done) => done(null, { user_id: claims.sub }),
  ),
)
const app = express()
app.use(helmet())
app.use(pinoHttp.default())
app.get('/posts/:id', passport.authenticate('jwt', { session: false }), async (req, res) => {
  const post = await redis.get(`bench:${req.params.id}`)
  if (post) res.json(JSON.parse(post))
  else res.status(404).json({ error: 'Not found' })
})
const server = app.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`{"url":"http://127.0.0.1:${port}"}\n`)
})
process.on('SIGTERM', () => process.exit(0))
