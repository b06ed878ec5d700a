import { chmod, chown, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryContext } from '#lib/sources/conformance-context.ts'
import { allowedCommand, wholePattern } from './allowed.ts'

const backup = { program: '/bin/echo' }
const good = { commands: [{ name: 'echo', backup }] }

test.each<[because: string, content: unknown]>([
  ['no JSON', '{'],
  ['a list', [good]],
  ['a key that nobody knows', { ...good, allowAll: true }],
  ['a command with such a key', { commands: [{ name: 'echo', backup, shell: true }] }],
  ['a program without its path', { commands: [{ name: 'echo', backup: { program: 'echo' } }] }],
  ['a pattern that is none', withPattern('[')],
  ['a pattern that closes the group around it', withPattern('a)|(?:.*')],
  ['two commands of one name', { commands: [...good.commands, ...good.commands] }],
  ['a name with a slash', { commands: [{ name: '../echo', backup }] }],
  ['a file name with a slash', { commands: [{ name: 'echo', backup, filename: 'a/b' }] }],
  ['a variable that is none', { commands: [{ name: 'echo', backup, environment: { 'A=B': 'c' } }] }],
])('A file of allowed commands with %s allows nothing', async (_because, content) => {
  await using run = await temporaryContext()
  const path = join(run.dir, 'commands.json')
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 })
  await expect(allowedCommand('echo', path)).rejects.toMatchObject({
    code: 'COMMANDS_FILE_INVALID',
    details: { file: path },
  })
})

test('A file of allowed commands that others could have written allows nothing', async () => {
  await using run = await temporaryContext()
  const path = join(run.dir, 'commands.json')
  await writeFile(path, JSON.stringify(good))
  for (const [mode, isFine] of [
    [0o600, true],
    [0o644, true],
    [0o440, true],
    [0o664, false],
    [0o646, false],
  ] as const) {
    await chmod(path, mode)
    const reading = allowedCommand('echo', path)
    if (isFine) await expect(reading).resolves.toMatchObject({ name: 'echo' })
    else await expect(reading).rejects.toMatchObject({ code: 'COMMANDS_FILE_INVALID' })
  }
  await chmod(path, 0o600)
  const link = join(run.dir, 'link.json')
  await symlink(path, link)
  await expect(allowedCommand('echo', link)).resolves.toMatchObject({ name: 'echo' })
})

test.skipIf(process.getuid?.() !== 0)('A file of allowed commands of another account allows nothing', async () => {
  await using run = await temporaryContext()
  const path = join(run.dir, 'commands.json')
  await writeFile(path, JSON.stringify(good), { mode: 0o600 })
  await chown(path, 65_534, 65_534)
  await expect(allowedCommand('echo', path)).rejects.toMatchObject({ code: 'COMMANDS_FILE_INVALID' })
})

test('What is no file, or not there, allows nothing', async () => {
  await using run = await temporaryContext()
  const folder = join(run.dir, 'folder')
  await mkdir(folder)
  for (const path of [folder, join(run.dir, 'none.json')])
    await expect(allowedCommand('echo', path)).rejects.toMatchObject({ code: 'COMMANDS_FILE_INVALID' })
})

test('A pattern is about the whole of a value', () => {
  expect(wholePattern('a|b').test('b')).toBe(true)
  for (const value of ['ab', 'xb', 'a\n', '\na', 'a b']) expect(wholePattern('a|b').test(value), value).toBe(false)
})

function withPattern(pattern: string) {
  return { commands: [{ name: 'echo', backup: { program: '/bin/echo', arguments: [{ value: 'x', pattern }] } }] }
}
