/**
 * The import rules of the house, type imports included: a request falls straight through, nothing climbs back up.
 *
 *   main → serve → server, app → context → features → http, infra → lib
 */

/** Features in their declared order: a service may use services of features before its own. */
const FEATURES = [
  'users',
  'auth',
  'files',
  'follows',
  'posts',
  'trending',
  'views',
  'reactions',
  'comments',
  'feed',
]

const LIB = '^src/lib/'
const INFRA = '^src/infra/'
const HTTP = '^src/http/'
const CONFIG = '^src/config\\.ts$'
const ENTRY = '^src/(compose/|(main|serve|server|context|app|tables|create-tables|reconcile|suspend)\\.ts$)'
const features = names => `^src/(${names.join('|')})/`
const ANY_FEATURE = features(FEATURES)

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

export default {
  forbidden: [
    forbid('no-circle', 'No circles between files.', {}, { circular: true }),
    forbid(
      'no-orphan',
      'A file that nobody imports is dead.',
      { orphan: true, pathNot: '^src/((main|create-tables|reconcile|suspend)\\.ts$|http/docs/)' },
      {},
    ),
    forbid('lib-is-pure', 'lib imports nothing of ours.', { path: LIB }, { path: '^src/', pathNot: LIB }),
    forbid(
      'infra-looks-down',
      'infra imports lib and the type of the configuration.',
      { path: INFRA },
      { path: '^src/', pathNot: [INFRA, LIB, CONFIG] },
    ),
    forbid(
      'http-looks-down',
      'http imports infra and lib.',
      { path: HTTP },
      { path: '^src/', pathNot: [HTTP, INFRA, LIB] },
    ),
    forbid(
      'features-look-down',
      'Features import no entry file.',
      { path: ANY_FEATURE },
      { path: [ENTRY, CONFIG] },
    ),
    ...FEATURES.map((feature, at) =>
      forbid(
        `${feature}-in-order`,
        'A feature uses features before it in the declared order only.',
        { path: features([feature]) },
        { path: ANY_FEATURE, pathNot: features(FEATURES.slice(0, at + 1)) },
      ),
    ),
    forbid(
      'stores-at-home',
      "A feature's store, cache and jobs are its own; others use its service. Only the composition root sees all.",
      { path: '^src/(?!compose/)([^/]+)/' },
      { path: '^src/(?!infra|http|lib)[^/]+/[^/]+-(store|cache)\\.ts$', pathNot: '^src/$1/' },
    ),
    forbid(
      'services-know-no-http',
      'A service decides: it knows no express, no DynamoDB commands, no Redis.',
      { path: '-service\\.ts$' },
      { path: '^node_modules/(express|@aws-sdk|redis|supertest)' },
    ),
    forbid(
      'routes-take-services',
      'Routes take services and never the whole context.',
      { path: '-routes\\.ts$' },
      { path: ['^src/context\\.ts$', '-(store|cache)\\.ts$', INFRA] },
    ),
    forbid(
      'app-in-one-direction',
      'main → serve → server, app → context: none of them imports what is above it.',
      { path: '^src/(app|server|context|config)\\.ts$' },
      { path: '^src/(main|serve)\\.ts$' },
    ),
    forbid('no-barrel', 'No barrels.', {}, { path: '^src/.*index\\.ts$' }),
    forbid(
      'no-dump',
      'No utils, no helpers.',
      {},
      { path: '^src/.*(utils?|helpers?|common|misc)(/|\\.ts$)' },
    ),
    forbid('resolvable', 'Every import leads somewhere.', {}, { couldNotResolve: true }),
    forbid(
      'no-dev-dependency',
      'What runs does not depend on what is only there for development.',
      { path: '^src/' },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
