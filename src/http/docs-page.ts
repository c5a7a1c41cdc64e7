import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { RequestHandler } from 'express'
import { hasCopy } from './endpoint.ts'
import { methodNotAllowed } from './mount.ts'
import { SHUT } from './security-headers.ts'

interface Source {
  type: string
  file: string | URL
}

const require = createRequire(import.meta.url)
const own = (name: string) => new URL(`./docs/${name}`, import.meta.url)

/** All that is served below `/docs`, by its path there. Nothing else can be asked for. */
const FILES = new Map<string, Source>([
  ['/', { type: 'text/html', file: own('index.html') }],
  ['/page.css', { type: 'text/css', file: own('page.css') }],
  ['/page.js', { type: 'text/javascript', file: own('page.js') }],
  ['/icon.svg', { type: 'image/svg+xml', file: own('icon.svg') }],
  ['/swagger-ui.css', { type: 'text/css', file: require.resolve('swagger-ui-dist/swagger-ui.css') }],
  [
    '/swagger-ui-bundle.js',
    { type: 'text/javascript', file: require.resolve('swagger-ui-dist/swagger-ui-bundle.js') },
  ],
])

/**
 * For these paths in the place of the API's, which permits nothing. Only files of ours run, and they speak to us alone.
 * Swagger UI's icons are `data:` URLs in its style sheet, a picture that a request has brought it shows as a `blob:`.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  ...SHUT,
].join(';')

const load = async ({ type, file }: Source) => {
  const plain = await readFile(file)
  return {
    type: `${type}; charset=utf-8`,
    etag: `W/"${createHash('sha1').update(plain).digest('base64url')}"`,
    plain,
    // Done once: the library is 1.7 MB as it is and 0.5 MB packed.
    packed: await promisify(gzip)(plain),
  }
}

/**
 * The reference as a page, made in the browser from `/openapi.json`; to be mounted at `/docs`. Files are read when
 * they are asked for the first time and kept. Names stay the same from version to version, so each use asks whether
 * the copy is still good: instances of two versions may serve one page.
 */
export const docsPage = (): RequestHandler => {
  const loaded = new Map<string, ReturnType<typeof load>>()
  const get = (path: string, file: Source) => {
    const known = loaded.get(path)
    if (known) return known
    const loading = load(file)
    loaded.set(path, loading)
    // The next one may try again.
    loading.catch(() => loaded.delete(path))
    return loading
  }
  const refuse = methodNotAllowed('GET, HEAD, OPTIONS')

  return async (req, res, next) => {
    const file = FILES.get(req.path)
    if (!file) return next()
    res.locals.route = '/docs'
    if (req.method !== 'GET' && req.method !== 'HEAD') return refuse(req, res, next)

    const { type, etag, plain, packed } = await get(req.path, file)
    res.set({
      'Cache-Control': 'no-cache',
      'Content-Security-Policy': CONTENT_SECURITY_POLICY,
      'Cross-Origin-Opener-Policy': 'same-origin',
      ETag: etag,
    })
    res.vary('Accept-Encoding')
    if (hasCopy(req, etag)) return void res.status(304).end()

    const zipped = req.acceptsEncodings('gzip', 'identity') === 'gzip'
    if (zipped) res.set('Content-Encoding', 'gzip')
    const bytes = zipped ? packed : plain
    res.set({ 'Content-Type': type, 'Content-Length': String(bytes.length) })
    res.end(req.method === 'HEAD' ? undefined : bytes)
  }
}
