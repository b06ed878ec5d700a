import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describeSource } from '../conformance.ts'

/** Copies files of one folder by `cat`, and puts them back by `dd`. */
async function allow(dir: string) {
  const inDir = { prefix: `${dir}/`, value: 'file', pattern: '[^/]+' }
  const commands = [
    {
      name: 'cat',
      backup: { program: '/bin/cat', arguments: ['--', inDir] },
      restore: { program: '/bin/dd', arguments: ['status=none', { ...inDir, prefix: `of=${dir}/`, value: 'to' }] },
    },
  ]
  await writeFile(join(dir, 'commands.json'), JSON.stringify({ commands }), { mode: 0o600 })
}

async function made(dir: string, file: string, content: string) {
  await allow(dir)
  await writeFile(join(dir, file), content)
  return settingsFor(file)
}

const settingsFor = (file: string) => ({
  command: 'cat',
  values: [
    { name: 'file', value: file },
    { name: 'to', value: 'restored' },
  ],
})

describeSource('command', {
  context: (dir) => ({ commandsFile: join(dir, 'commands.json') }),
  filled: (dir) => made(dir, 'data', 'something'),
  odd: (dir) => made(dir, `it's "odd" \n $(x)`, 'something'),
  empty: (dir) => made(dir, 'data', '\n'),
  gone: async (dir) => {
    await allow(dir)
    return { settings: { command: 'other' }, code: 'COMMAND_NOT_ALLOWED' }
  },
  big: async (dir) => {
    const settings = await made(dir, 'big', '')
    await truncate(join(dir, 'big'), 50_000_000)
    return settings
  },
  elsewhere: async (settings) => ({ settings, seen: settings }),
  faults: {
    unreachable: null,
    denied: null,
    withoutRights: null,
    tlsMismatch: null,
    needsTool: false, // its programs are named by their paths
    oldTool: null,
    killsDump: true,
    fillsScratch: false,
    crash: null,
    freeze: null,
    named: (dir, name) => made(dir, name, name),
  },
})
