import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runChild } from '#lib/process/child.ts'
import { temporaryContext } from '../conformance-context.ts'
import { findPrograms } from '../programs.ts'
import { matcher, patternToRegExp } from './patterns.ts'

await using run = await temporaryContext()
const [rclone] = await findPrograms(
  { names: ['rclone'], versionArgs: ['version'], versionIn: () => 'any' },
  run.context,
)
const missing = rclone === undefined ? 'rclone is not installed' : null
if (missing !== null && process.env.CI === 'true') throw new Error(`${missing}; in CI this may not be skipped`)

const names = [
  'a.txt',
  'a.tmp',
  'cache/a.tmp',
  'cache/deep/b.jpg',
  'users/cache/c.jpg',
  'users/1/photo.jpg',
  'users/22/photo.JPG',
  'users/(1)/a+b^$|.jpg',
  'xcache/d',
  'file1',
  'file10',
  'filea',
  '[x]',
  'a,b',
  '{y}',
  'Größe ☂.txt',
  'back\\slash',
]
const patterns = [
  '*.tmp',
  '/*.tmp',
  'cache/**',
  '/cache/**',
  'cache/',
  '/users/*/photo.jpg',
  'users/**.jpg',
  'file?',
  'file[0-9]',
  'file[^0-9]',
  '*.{tmp,jpg}',
  'a+b^$|.jpg',
  '(1)/*',
  '\\[x\\]',
  'a,b',
  '\\{y\\}',
  'Größe*',
  'back\\\\slash',
  '**',
  '/**/photo.*',
]

describe.skipIf(missing)('Patterns', () => {
  test.each(patterns)('leave out what rclone leaves out with %j', async (pattern) => {
    const folder = await mkdtemp(join(tmpdir(), 'patterns-'))
    try {
      for (const name of names) {
        await mkdir(dirname(join(folder, name)), { recursive: true })
        await writeFile(join(folder, name), '')
      }
      const { stdout, code } = await runChild({
        command: rclone?.command ?? '',
        args: ['lsf', '-R', '--files-only', '--local-encoding=None', '--exclude', pattern, folder],
        env: { RCLONE_CONFIG: '/dev/null', LC_ALL: 'C.UTF-8' },
      })
      expect(code).toBe(0)
      const leavesOut = matcher([pattern])
      expect(names.filter((name) => leavesOut(name) === null).sort()).toEqual(stdout.sort())
      expect(stdout.length).toBeLessThan(names.length)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

test.each(['a***', '{a', 'a}', '[a', 'a]', '{a{b}}', '{{.*}}', '[]', '\\d', 'x\\', '[z-a]', '[[:alpha:]]'])(
  'The pattern %j is refused',
  (pattern) => {
    expect(() => patternToRegExp(pattern)).toThrow()
  },
)

test('A name of several lines is caught as a whole', () => {
  expect(matcher(['/cache/**'])('cache/new\nline')).toBe('/cache/**')
  expect(matcher(['*.tmp'])('a.tmp\n')).toBe(null)
})
