#!/usr/bin/env node
// Plain JavaScript: the version guard speaks before any TypeScript is loaded.
import './guard.js';

await import('../src/main.ts');
