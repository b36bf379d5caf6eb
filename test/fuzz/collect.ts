// Loaded into the process that is fuzzed: on SIGUSR2 it collects all garbage, so that what is held can be told from it.
process.on('SIGUSR2', () => globalThis.gc?.())
