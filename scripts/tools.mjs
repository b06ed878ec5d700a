import { spawn } from 'node:child_process'
import {
  access,
  chmod,
  constants,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/*
 * Finds or gets the programs that do not come from npm: `node scripts/tools.mjs restic` and `node scripts/tools.mjs test`.
 * Everything comes from the operating system's own package manager and its configured mirror. No npm packages and only
 * plain JavaScript: this runs before anything is installed, on any Node from 20.19.
 */

export const RESTIC_MINIMUM = '0.17.1'
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const TOOLS_BIN = join(ROOT, '.tools', 'bin')
const isRoot = process.getuid?.() === 0

/** What stopped us, and the commands with which a person goes on. */
export class ToolMissingError extends Error {
  /**
   * @param {string} message
   * @param {string[]} commands
   */
  constructor(message, commands) {
    super(message)
    this.commands = commands
  }
}

/** @param {string} line */
const say = (line) => console.log(`tools: ${line}`)

/**
 * Runs a program without a shell. Never rejects: a program that cannot be started gives code 127.
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd?: string, show?: boolean, env?: Record<string, string>}} [options]
 * @returns {Promise<{code: number, stdout: string, stderr: string}>}
 */
function run(command, args, { cwd, show = false, env = {} } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, LC_ALL: 'C', ...env },
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
      shell: false,
    })
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      stderr += text
    })
    child.once('error', (error) => resolve({ code: 127, stdout, stderr: error.message }))
    child.once('close', (code) => resolve({ code: code ?? 1, stdout, stderr }))
  })
}

/**
 * Whether version `a` is at least `b`, by its first three numbers.
 * @param {string} a
 * @param {string} b
 */
export function atLeast(a, b) {
  const [x, y] = [a, b].map((v) => v.split(/[.~+-]/).map((n) => Number.parseInt(n, 10) || 0))
  for (let i = 0; i < 3; i++) if ((x[i] ?? 0) !== (y[i] ?? 0)) return (x[i] ?? 0) > (y[i] ?? 0)
  return true
}

/** @param {string} path */
async function isExecutable(path) {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

/**
 * The first executable of that name on PATH.
 * @param {string} name
 * @returns {Promise<string | null>}
 */
export async function findOnPath(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean))
    if (await isExecutable(join(folder, name))) return join(folder, name)
  return null
}

/**
 * The version a restic binary gives, or null when it does not run.
 * @param {string} binary
 * @returns {Promise<string | null>}
 */
export async function resticVersion(binary) {
  const { code, stdout } = await run(binary, ['version'])
  return code === 0 ? (/^restic (\d+\.\d+\.\d+\S*)/m.exec(stdout)?.[1] ?? null) : null
}

/**
 * A restic that is new enough, from RESTIC_BINARY, .tools/bin or PATH, in that order. Installs nothing.
 * @returns {Promise<{binary: string, version: string} | null>}
 */
export async function findRestic() {
  const candidates = [process.env.RESTIC_BINARY, join(TOOLS_BIN, 'restic'), await findOnPath('restic')]
  for (const binary of candidates) {
    if (!binary) continue
    const version = await resticVersion(binary)
    if (version && atLeast(version, RESTIC_MINIMUM)) return { binary, version }
    if (version) say(`${binary} is restic ${version}; at least ${RESTIC_MINIMUM} is needed`)
    else if (binary === process.env.RESTIC_BINARY) say(`RESTIC_BINARY=${binary} does not run`)
  }
  return null
}

/** @returns {Promise<Record<string, string>>} */
async function osRelease() {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return Object.fromEntries([...text.matchAll(/^([A-Z_]+)="?(.*?)"?$/gm)].map((m) => [m[1], m[2]]))
}

/**
 * The archives of the machine's own APT sources: one-line `.list` files and deb822 `.sources` files.
 * @param {string} [folder]
 * @returns {Promise<{uri: string, suites: string[], components: string[], signedBy: string}[]>}
 */
export async function readAptSources(folder = '/etc/apt') {
  const parts = await readdir(join(folder, 'sources.list.d')).catch(() => [])
  const files = [join(folder, 'sources.list'), ...parts.sort().map((name) => join(folder, 'sources.list.d', name))]
  const archives = []
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '')
    if (file.endsWith('.sources')) archives.push(...parseDeb822(text))
    else if (file.endsWith('.list')) archives.push(...parseOneLine(text))
  }
  return archives
}

/** @param {string} text */
function parseOneLine(text) {
  const found = [...text.matchAll(/^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)[ \t]*([^#\n]*)/gm)]
  return found.map(([, options = '', uri = '', suite = '', components = '']) => ({
    uri,
    suites: [suite],
    components: components.split(/\s+/).filter(Boolean),
    signedBy: /signed-by=(\S+)/i.exec(options)?.[1] ?? '',
  }))
}

/** @param {string} text */
function parseDeb822(text) {
  const archives = []
  const lines = text.split('\n').filter((line) => !line.startsWith('#'))
  for (const stanza of lines.join('\n').split(/\n\s*\n/)) {
    const fields = new Map()
    for (const [, name = '', value = ''] of stanza.matchAll(/^([A-Za-z-]+):((?:.*)(?:\n[ \t].*)*)/gm))
      fields.set(name.toLowerCase(), value.trim())
    const words = (/** @type {string} */ name) => (fields.get(name) ?? '').split(/\s+/).filter(Boolean)
    if (!words('types').includes('deb') || /^(no|false)$/i.test(fields.get('enabled') ?? '')) continue
    for (const uri of words('uris'))
      archives.push({
        uri,
        suites: words('suites'),
        components: words('components'),
        signedBy: fields.get('signed-by') ?? '',
      })
  }
  return archives
}

/**
 * Gets one package of a newer suite from the machine's own mirror, with an APT configuration of its own: neither the
 * machine's package lists nor its installed packages change, and it needs no root. Returns the folder it was unpacked to.
 * @param {string} name
 * @param {string} suite
 * @param {{uri: string, components: string[], signedBy: string}} archive
 * @param {string} work
 * @returns {Promise<string | null>}
 */
async function unpackFromSuite(name, suite, archive, work) {
  for (const folder of ['lists/partial', 'cache/archives/partial', 'etc', 'out'])
    await mkdir(join(work, folder), { recursive: true })
  // A deb822 file, because Signed-By may hold a whole key there and not only a path.
  const signedBy = archive.signedBy ? `Signed-By: ${archive.signedBy.replaceAll('\n', '\n ')}\n` : ''
  const stanza = `Types: deb\nURIs: ${archive.uri}\nSuites: ${suite}\nComponents: ${archive.components.join(' ')}\n${signedBy}`
  await writeFile(join(work, 'etc', 'one.sources'), stanza)
  const options = [
    `Dir::State::Lists=${join(work, 'lists')}`,
    `Dir::Cache=${join(work, 'cache')}`,
    'Dir::Etc::SourceList=/dev/null',
    `Dir::Etc::SourceParts=${join(work, 'etc')}`,
    'Dir::Etc::Preferences=/dev/null',
    'Dir::Etc::PreferencesParts=/dev/null',
    'Acquire::Languages=none',
  ].flatMap((option) => ['-o', option])
  const update = await run('apt-get', [...options, 'update'])
  if (update.code !== 0) {
    say(`suite ${suite} cannot be read: ${lastLine(update.stderr)}`)
    return null
  }
  const download = await run('apt-get', [...options, 'download', name], { cwd: join(work, 'out') })
  const file = (await readdir(join(work, 'out'))).find((entry) => entry.endsWith('.deb'))
  if (download.code !== 0 || !file) {
    say(`suite ${suite} has no ${name}: ${lastLine(download.stderr)}`)
    return null
  }
  const unpacked = join(work, 'unpacked')
  const unpack = await run('dpkg-deb', ['-x', join(work, 'out', file), unpacked])
  return unpack.code === 0 ? unpacked : null
}

/** @param {string} text */
const lastLine = (text) => text.trim().split('\n').at(-1) ?? ''

/** restic from a newer suite of the machine's mirror into .tools/bin. */
async function resticFromNewerSuite() {
  const { ID, VERSION_CODENAME } = await osRelease()
  const suites = ID === 'ubuntu' ? ['devel'] : ['stable', 'unstable']
  const all = await readAptSources()
  const own = all.filter(
    (a) => a.components.includes('main') && a.suites.some((s) => suites.includes(s) || s === VERSION_CODENAME),
  )
  const archives = [...new Map(own.map((archive) => [archive.uri, archive])).values()]
  if (archives.length === 0) say('the APT sources of this machine name no archive of its distribution')
  for (const suite of suites)
    for (const archive of archives) {
      say(`looking for restic in suite ${suite} of this machine's mirror`)
      const work = await mkdtemp(join(tmpdir(), 'tools-apt-'))
      try {
        await chmod(work, 0o755) // as root, APT fetches as the user _apt
        const unpacked = await unpackFromSuite('restic', suite, archive, work)
        if (!unpacked) continue
        const fresh = join(unpacked, 'usr', 'bin', 'restic')
        const version = await resticVersion(fresh)
        if (!version || !atLeast(version, RESTIC_MINIMUM)) {
          say(`suite ${suite} gave ${version ? `restic ${version}, too old` : 'a restic that does not run here'}`)
          continue
        }
        await mkdir(TOOLS_BIN, { recursive: true })
        const target = join(TOOLS_BIN, 'restic')
        await copyFile(fresh, `${target}.new`)
        await chmod(`${target}.new`, 0o755)
        await rename(`${target}.new`, target)
        return
      } finally {
        await rm(work, { recursive: true, force: true })
      }
    }
}

/** @param {string} name */
async function aptCandidate(name) {
  const { stdout } = await run('apt-cache', ['policy', name])
  return /^\s*Candidate:\s*(?:\d+:)?(\d\S*)/m.exec(stdout)?.[1] ?? null
}

/** @param {string[]} packages */
async function aptInstall(packages) {
  if ((await run('apt-get', ['update'])).code !== 0)
    say('apt-get update failed; going on with the lists that are there')
  const args = ['install', '-y', '--no-install-recommends', ...packages]
  return (await run('apt-get', args, { env: { DEBIAN_FRONTEND: 'noninteractive' } })).code === 0
}

const OTHER_MANAGERS = [
  { name: 'brew', needsRoot: false, args: ['install', 'restic'] },
  { name: 'dnf', needsRoot: true, args: ['install', '-y', 'restic'] },
  { name: 'apk', needsRoot: true, args: ['add', 'restic'] },
  { name: 'pacman', needsRoot: true, args: ['-S', '--noconfirm', 'restic'] },
]

/**
 * Finds restic or gets it from the system's package manager.
 * @returns {Promise<{binary: string, version: string}>}
 * @throws {ToolMissingError} with the commands that a person must run
 */
export async function ensureRestic() {
  const there = await findRestic()
  if (there) return there
  const commands = []
  if (await findOnPath('apt-get')) {
    const candidate = await aptCandidate('restic')
    if (candidate && atLeast(candidate, RESTIC_MINIMUM)) {
      commands.push('sudo apt-get install restic')
      say(`the system offers restic ${candidate}`)
      if (isRoot && (await aptInstall(['restic']))) {
        const installed = await findRestic()
        if (installed) return installed
      }
    } else say(`the system offers ${candidate ? `restic ${candidate}, too old` : 'no restic'}`)
    await resticFromNewerSuite()
    const fetched = await findRestic()
    if (fetched) return fetched
  }
  for (const { name, needsRoot, args } of OTHER_MANAGERS) {
    if (!(await findOnPath(name))) continue
    commands.push(`${needsRoot ? 'sudo ' : ''}${name} ${args.join(' ')}`)
    if (needsRoot && !isRoot) continue
    say(`${name} ${args.join(' ')}`)
    await run(name, args, { show: true })
    const installed = await findRestic()
    if (installed) return installed
  }
  commands.push(`export RESTIC_BINARY=/path/to/restic   # a restic of at least ${RESTIC_MINIMUM}`)
  throw new ToolMissingError(`No restic of at least ${RESTIC_MINIMUM} could be found or installed.`, commands)
}

/** @param {string[]} names */
const allThere = async (...names) => {
  // Servers lie in sbin, which is not on everybody's PATH.
  for (const name of names) if (!(await findOnPath(name)) && !(await isExecutable(`/usr/sbin/${name}`))) return false
  return true
}

/** What the test suite needs beyond restic: how to see that it is there, and its Debian package. */
const TEST_TOOLS = [
  {
    package: 'chromium',
    present: async () =>
      Boolean(process.env.CHROMIUM_BINARY || (await findOnPath('chromium')) || (await findOnPath('google-chrome'))),
  },
  {
    package: 'postgresql',
    present: async () => {
      const versions = await readdir('/usr/lib/postgresql').catch(() => [])
      const servers = await Promise.all(versions.map((v) => isExecutable(`/usr/lib/postgresql/${v}/bin/postgres`)))
      const server = servers.includes(true) || (await findOnPath('postgres')) !== null
      return server && (await findOnPath('pg_dump')) !== null
    },
  },
  { package: 'mariadb-server', present: () => allThere('mariadbd', 'mariadb-install-db', 'mariadb-dump') },
  { package: 'sqlite3', present: () => allThere('sqlite3') },
  { package: 'redis-server', present: () => allThere('redis-server') },
  { package: 'redis-tools', present: () => allThere('redis-cli', 'redis-check-rdb') },
  {
    package: 'openssh-server',
    present: async () => (await isExecutable('/usr/sbin/sshd')) && (await allThere('ssh', 'ssh-keygen')),
  },
  { package: 'rclone', present: () => allThere('rclone') },
  {
    package: 'python3-swift',
    present: async () => (await run('/usr/bin/python3', ['-c', 'import swift.common.middleware.s3api'])).code === 0,
  },
  { package: 'acl', present: () => allThere('getfacl', 'setfacl') },
  { package: 'attr', present: () => allThere('getfattr', 'setfattr') },
  {
    package: 'fonts-dejavu-core',
    present: async () =>
      (await run('fc-list', ['DejaVu Sans'])).stdout.trim() !== '' ||
      (await isExecutable('/usr/share/fonts/truetype/dejavu')),
  },
]

/**
 * Finds or installs what the tests need.
 * @throws {ToolMissingError} with the commands that a person must run
 */
export async function ensureTestTools() {
  const missing = []
  for (const tool of TEST_TOOLS) {
    if (await tool.present()) say(`${tool.package}: there`)
    else missing.push(tool)
  }
  if (missing.length === 0) return
  const packages = missing.map((tool) => tool.package)
  const commands = [`sudo apt-get update`, `sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`]
  if (isRoot && (await findOnPath('apt-get'))) {
    say(`installing ${packages.join(' ')}`)
    await aptInstall(packages)
    const still = []
    for (const tool of missing) if (!(await tool.present())) still.push(tool.package)
    if (still.length === 0) return
    throw new ToolMissingError(`Could not install ${still.join(', ')}.`, commands)
  }
  throw new ToolMissingError(`Missing for the tests: ${packages.join(', ')}.`, commands)
}

async function main() {
  const what = process.argv[2]
  try {
    if (what === 'restic' || what === 'test') {
      const { binary, version } = await ensureRestic()
      say(`restic ${version} at ${binary}`)
      if (what === 'test') await ensureTestTools()
    } else {
      console.error('Usage: node scripts/tools.mjs restic | test')
      process.exitCode = 2
    }
  } catch (error) {
    if (!(error instanceof ToolMissingError)) throw error
    console.error([error.message, 'Run:', ...error.commands.map((line) => `  ${line}`)].join('\n'))
    process.exitCode = 1
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main()
