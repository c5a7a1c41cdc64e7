import './global-setup.ts'

export default () => globalThis.stopTestBackends()
