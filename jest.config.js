/** Tests run as ES modules on the sources themselves; types are checked by `npm run check`. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  globalSetup: './test/support/global-setup.ts',
  globalTeardown: './test/support/global-teardown.ts',
  // The S3 store against a real server, and the reference in a browser, take most of a minute each: on CI, or when
  // asked for (the global setup says so).
  testPathIgnorePatterns: process.env.CI ? [] : ['/s3-blob-store', '/files-on-s3', '/docs-browser'],
  testTimeout: 30_000,
  // As many files side by side as there are cores; Jest would leave one of them idle.
  maxWorkers: '100%',
}
