import { existsSync } from 'node:fs'
import { defineConfig } from '@playwright/test'

const programs = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]
const program = process.env.CHROMIUM || programs.find((path) => existsSync(path))
if (!program) {
  throw new Error(
    `No Chromium was found at ${programs.join(', ')}. Install it, or set CHROMIUM to the path of Chromium or Chrome.`,
  )
}

/** Browser tests against the real server, which the global setup starts. The console must have been built. */
export default defineConfig({
  testDir: 'app/_browser-tests',
  testMatch: '*.spec.ts',
  globalSetup: ['./lib/testing/quick-restic.ts', './app/_browser-tests/server.fixture.ts'],
  // One server, one history: the tests follow each other.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  timeout: 150_000,
  expect: { timeout: 15_000 },
  forbidOnly: process.env.CI === 'true' || process.env.CI === '1',
  reporter: 'list',
  use: {
    browserName: 'chromium',
    viewport: { width: 1440, height: 900 },
    colorScheme: 'light',
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: program,
      args: [
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--no-first-run',
      ],
    },
  },
})
