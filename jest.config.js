import { availableParallelism } from 'node:os'

const ON_CI = [
  '/(s3-blob-store|files-on-s3|docs-browser|fuzz|hostile-|odd-input|bad-query|shedding|breakers|reconcile|production)',
  '-(races|paging|walks|lost|faults|limits|idle|turning|cascade|process|secrets|away|outage|queue|refused)\\.',
]

/** Tests run as ES modules on the sources themselves; types are checked by `npm run check`. */
export default {
  testEnvironment: 'node',
  testMatch: [process.env.TIMED ? '<rootDir>/test/timed/*.test.ts' : '<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  globalSetup: './test/support/global-setup.ts',
  globalTeardown: './test/support/global-teardown.ts',
  // On CI, or when asked for (the global setup says so): the S3 store against a real server and the reference in a
  // browser, which take most of a minute each; what is shown by doing it again and again; and what holds against odd
  // input, hostile callers, broken parts and crowds. What each feature does is told everywhere.
  // What is measured to the twentieth of its time is told with nothing else beside it (`npm run test:timed`).
  testPathIgnorePatterns: process.env.TIMED ? [] : [...(process.env.CI ? [] : ON_CI), '/test/timed/'],
  testTimeout: 30_000,
  // Somewhat more files side by side than there are cores, since many stories wait; Jest would leave a core idle.
  maxWorkers: availableParallelism() + 1,
}
