import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type TemporaryContext, temporaryContext } from '../conformance-context.ts'
import { saveCopy } from '../conformance-copy.ts'
import { commandDriver } from './driver.ts'

/** A program of this test: a script that `sh` runs. */
async function program(run: TemporaryContext, name: string, lines: string): Promise<string> {
  const path = join(run.dir, name)
  await writeFile(path, `#!/bin/sh\n${lines}\n`, { mode: 0o755 })
  return path
}

/** Writes the file of allowed commands; resolves to a context with it. */
async function allow(run: TemporaryContext, ...commands: object[]) {
  const commandsFile = join(run.dir, 'commands.json')
  await writeFile(commandsFile, JSON.stringify({ commands }))
  await chmod(commandsFile, 0o600)
  const log: string[] = []
  return { ...run.context, commandsFile, log: (_: string, line: string) => void log.push(line), lines: log }
}

const settingsOf = (command: string, values: Record<string, string> = {}, secrets?: string) =>
  commandDriver.settings.parse({
    command,
    values: Object.entries(values).map(([name, value]) => ({ name, value })),
    ...(secrets === undefined ? {} : { secrets }),
  })

const saved = async (run: TemporaryContext, ...given: Parameters<typeof commandDriver.open>) => {
  const folder = join(run.dir, `saved ${(await readdir(run.dir)).length}`)
  await saveCopy(await commandDriver.open(...given), folder)
  return { folder, content: await readFile(join(folder, (await readdir(folder))[0] as string), 'utf8') }
}

describe('A command', () => {
  test('is refused where no file of allowed commands is named, and when it is not in it', async () => {
    await using run = await temporaryContext()
    for (const call of [commandDriver.probe, commandDriver.open, commandDriver.inspect])
      await expect(call(settingsOf('mongo'), run.context)).rejects.toMatchObject({
        code: 'COMMAND_NOT_ALLOWED',
        remedy: expect.stringContaining('COMMANDS_FILE'),
      })
    const ctx = await allow(run, { name: 'other', backup: { program: '/bin/echo' } })
    await expect(commandDriver.open(settingsOf('mongo'), ctx)).rejects.toMatchObject({
      code: 'COMMAND_NOT_ALLOWED',
      message: expect.stringContaining('mongo'),
      remedy: expect.stringContaining(ctx.commandsFile),
    })
  })

  test('sees its own environment and secrets and nothing else, and its arguments as they are', async () => {
    await using run = await temporaryContext()
    const tell = await program(run, 'tell', `for word; do echo "<$word>"; done; /usr/bin/env | /usr/bin/sort`)
    const ctx = await allow(run, {
      name: 'tell',
      backup: {
        program: tell,
        arguments: ['$HOME', '*', { prefix: '--db=', value: 'db', pattern: '.*' }, { value: 'table', pattern: '.+' }],
      },
      environment: { LANG: 'C' },
      secrets: ['TOKEN', 'PIN'],
    })
    const values = { db: '`touch pwned`; $(x) "', table: "o'ne\ntwo" }
    const { content } = await saved(run, settingsOf('tell', values, 'TOKEN=a=b c\n\nPIN=1234\r\n'), ctx)
    const [words, variables] = content.split('two>\n') as [string, string]
    expect(words).toBe(`<$HOME>\n<*>\n<--db=${values.db}>\n<o'ne\n`)
    expect(variables.split('\n').filter((line) => !line.startsWith('_='))).toEqual([
      'LANG=C',
      'PIN=1234',
      expect.stringMatching(/^PWD=.*scratch/),
      'TOKEN=a=b c',
      '',
    ])
    expect(await readdir(run.dir)).not.toContain('pwned')
  })

  const strict = {
    name: 'strict',
    backup: {
      program: '/bin/echo',
      arguments: [
        { prefix: '--db=', value: 'db', pattern: '[a-z]+|all' },
        { value: 'table', pattern: '.*' },
      ],
    },
    secrets: ['TOKEN'],
  }
  test.each<[because: string, values: Record<string, string>, secrets: string | undefined, says: string]>([
    ['a value that only begins well', { db: 'shop; x', table: 't' }, 'TOKEN=1', 'shop; x'],
    ['a value with a line break at its end', { db: 'shop\n', table: 't' }, 'TOKEN=1', 'db'],
    ['a value that is an option', { db: 'shop', table: '--output=/etc/passwd' }, 'TOKEN=1', 'option'],
    ['a missing value', { db: 'shop' }, 'TOKEN=1', 'table'],
    ['a value that the command does not know', { db: 'shop', table: 't', more: 'x' }, 'TOKEN=1', 'more'],
    ['a missing secret', { db: 'shop', table: 't' }, undefined, 'TOKEN'],
    ['an empty secret', { db: 'shop', table: 't' }, 'TOKEN=', 'TOKEN'],
    ['a variable that the command does not take', { db: 'shop', table: 't' }, 'TOKEN=1\nLD_PRELOAD=x.so', 'LD_PRELOAD'],
    ['a secret without a name', { db: 'shop', table: 't' }, 'the-secret', 'NAME=value'],
  ])('is refused for %s', async (_because, values, secrets, says) => {
    await using run = await temporaryContext()
    const ctx = await allow(run, strict)
    const error = await commandDriver.open(settingsOf('strict', values, secrets), ctx).then(
      () => null,
      (thrown: { code: string; message: string }) => thrown,
    )
    expect(error?.code).toBe('COMMAND_NOT_ALLOWED')
    expect(error?.message).toContain(says)
    expect(error?.message).not.toContain('the-secret')
  })

  test('that says its secret has it taken out of the log and of the error', async () => {
    await using run = await temporaryContext()
    const fail = await program(run, 'fail', 'echo "half of it"; echo "wrong password $TOKEN" >&2; exit 3')
    const ctx = await allow(run, { name: 'fail', backup: { program: fail }, secrets: ['TOKEN'] })
    const saving = saved(run, settingsOf('fail', {}, 'TOKEN=s3cr3t'), ctx)
    await expect(saving).rejects.toMatchObject({
      code: 'SOURCE_DUMP_FAILED',
      details: { exit: 'exit 3', reason: 'wrong password [secret]' },
    })
    expect(ctx.lines).toEqual(['wrong password [secret]'])
  })

  test('ends with all that it started when it is cancelled', async () => {
    await using run = await temporaryContext()
    const pids = join(run.dir, 'pids')
    const lines = `/bin/sleep 600 & echo $! >> '${pids}'; trap '' TERM; echo $$ >> '${pids}'; wait; /bin/sleep 600`
    const ctx = await allow(run, { name: 'deep', backup: { program: await program(run, 'deep', lines) } })
    const cancel = new AbortController()
    const saving = saved(run, settingsOf('deep'), { ...ctx, signal: cancel.signal })
    const started = async () => (await readFile(pids, 'utf8').catch(() => '')).trim().split('\n')
    while ((await started()).length < 2) await sleep(5)
    cancel.abort(new Error('cancelled by a test'))
    await expect(saving).rejects.toThrow('cancelled by a test')
    for (const pid of await started()) await expect.poll(() => isRunning(pid), { message: pid }).toBe(false)
  }, 30_000)

  test('leaves nothing running that could still write when it ended well', async () => {
    await using run = await temporaryContext()
    const lines = `(/bin/sleep 600; echo late) & echo $! > '${run.dir}/pid'; echo early`
    const ctx = await allow(run, { name: 'late', backup: { program: await program(run, 'late', lines) } })
    expect((await saved(run, settingsOf('late'), ctx)).content).toBe('early\n')
    const late = (await readFile(join(run.dir, 'pid'), 'utf8')).trim()
    await expect.poll(() => isRunning(late)).toBe(false) // a killed process takes a moment to end
  })

  test('says which program is not there or cannot be started', async () => {
    await using run = await temporaryContext()
    const gone = join(run.dir, 'gone')
    const ctx = await allow(run, { name: 'gone', backup: { program: gone } })
    for (const call of [commandDriver.probe, commandDriver.open])
      await expect(call(settingsOf('gone'), ctx)).rejects.toMatchObject({
        code: 'SOURCE_TOOL_MISSING',
        details: { tool: gone },
      })
    await writeFile(gone, '\0\0 no program', { mode: 0o755 })
    await expect(saved(run, settingsOf('gone'), ctx)).rejects.toMatchObject({ code: 'SOURCE_DUMP_FAILED' })
  })

  test('tells by its test whether the source can be reached', async () => {
    await using run = await temporaryContext()
    const failing = await program(run, 'failing', 'echo "no such host" >&2; exit 2')
    const backup = { program: '/bin/echo', arguments: ['x'] }
    const ctx = await allow(
      run,
      { name: 'well', backup, test: { program: '/bin/true' }, restore: { program: '/bin/cat' } },
      { name: 'ill', backup, test: { program: failing } },
      { name: 'untested', backup },
    )
    expect((await commandDriver.probe(settingsOf('well'), ctx)).warnings).toHaveLength(1)
    expect((await commandDriver.probe(settingsOf('untested'), ctx)).warnings).toHaveLength(3)
    await expect(commandDriver.probe(settingsOf('ill'), ctx)).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining('no such host'),
    })
  })
})

describe('The restore of a command', () => {
  const backup = { program: '/bin/echo', arguments: ['data'] }

  test('puts the file into a folder inside the storage roots where one is given', async () => {
    await using run = await temporaryContext()
    const ctx = await allow(run, { name: 'echo', backup, filename: 'echo.txt' })
    const { folder } = await saved(run, settingsOf('echo'), ctx)
    const target = join(run.dir, 'a', 'b')
    await commandDriver.restore(settingsOf('echo'), folder, ctx, target)
    expect(await readFile(join(target, 'echo.txt'), 'utf8')).toBe('data\n')
    expect(await readdir(target)).toEqual(['echo.txt'])
    await expect(commandDriver.restore(settingsOf('echo'), folder, ctx, '/opt/not-ours')).rejects.toMatchObject({
      code: 'PATH_NOT_ALLOWED',
    })
    await expect(commandDriver.restore(settingsOf('echo'), folder, ctx)).rejects.toMatchObject({
      code: 'COMMAND_NOT_ALLOWED',
      message: expect.stringContaining('restoring'),
    })
  })

  test('fails when its program fails, takes only a part, or gets nothing', async () => {
    await using run = await temporaryContext()
    const part = await program(run, 'part', 'read -r line; exit 0')
    const failing = await program(run, 'failing', '/bin/cat > /dev/null; echo "it is too new" >&2; exit 4')
    const ctx = await allow(
      run,
      { name: 'part', backup, restore: { program: part } },
      { name: 'failing', backup, restore: { program: failing } },
    )
    const folder = join(run.dir, 'large')
    await mkdir(folder)
    await writeFile(join(folder, 'file'), 'line\n'.repeat(1_000_000))
    await expect(commandDriver.restore(settingsOf('part'), folder, ctx)).rejects.toMatchObject({
      code: 'RESTORE_COMMAND_FAILED',
      message: expect.stringContaining('all of the backup'),
    })
    await expect(commandDriver.restore(settingsOf('failing'), folder, ctx)).rejects.toMatchObject({
      code: 'RESTORE_COMMAND_FAILED',
      details: { exit: 'exit 4', reason: 'it is too new' },
    })
    await writeFile(join(folder, 'file'), '')
    await expect(commandDriver.restore(settingsOf('failing'), folder, ctx)).rejects.toMatchObject({
      code: 'RESTORE_CONTENT_WRONG',
    })
  })
})

/** A zombie has ended. */
async function isRunning(pid: string): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  return stat !== null && !/\) Z /.test(stat)
}
