#!/usr/bin/env node
// The command itself is built. This file is there before the build, so that npm finds something to link.
await import('../dist/main.js')
