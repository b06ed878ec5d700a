/** Makes a clone ready to run: packages, the bundled Node, generated code, the built console. Runs on Node 20.19. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run, StepFailed, step } from './terminal.mjs'

export const root = fileURLToPath(new URL('..', import.meta.url))
const at = (...parts) => join(root, ...parts)
const binaries = at('node_modules', '.bin')

/** The environment of everything the scripts start: our tools first on the PATH, and no tool that calls home. */
export function toolEnv(extra = {}) {
  return {
    ...process.env,
    PATH: `${binaries}${delimiter}${process.env.PATH ?? ''}`,
    NEXT_TELEMETRY_DISABLED: '1',
    CHECKPOINT_DISABLE: '1',
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    ...extra,
  }
}

export function checkNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  throw new StepFailed(
    `This is Node ${version}; at least 20.19 is needed.`,
    'Install a newer Node with npm, then run the command again. It is only used to start: the rest runs on a bundled Node 24.',
  )
}

/** Whether node_modules holds exactly what package-lock.json names, parts for other systems aside. */
export function packagesAreCurrent(folder = root) {
  const wanted = readJson(join(folder, 'package-lock.json'))
  const found = readJson(join(folder, 'node_modules', '.package-lock.json'))
  if (!wanted || !found) return false
  const same = (a, b) => a?.version === b?.version && a?.integrity === b?.integrity
  const present = Object.entries(found.packages).every(([path, entry]) => same(entry, wanted.packages[path]))
  const missing = Object.entries(wanted.packages).some(
    ([path, entry]) => path !== '' && !entry.optional && !entry.devOptional && !(path in found.packages),
  )
  return present && !missing
}

async function installPackages() {
  if (packagesAreCurrent()) return
  // npm must not run on the Node that it is about to replace.
  const PATH = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== binaries)
    .join(delimiter)
  await step('installing packages (npm ci)', 'packages installed', async () => {
    await run('npm', ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund'], {
      cwd: root,
      env: { ...process.env, PATH },
      remedy:
        'Read npm’s message above. Without a network, point npm at a mirror (npm config set registry …) and run the command again.',
    })
  })
}

/** The path of the Node that everything else runs on: the bundled one, else this one when it is new enough. */
export async function findNode() {
  const bundled = join(binaries, 'node')
  const version = existsSync(bundled) ? await run(bundled, ['--version']).catch((error) => error) : undefined
  if (typeof version === 'string' && Number(version.trim().slice(1).split('.')[0]) >= 24) return bundled
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  throw new StepFailed(
    version === undefined
      ? 'The bundled Node 24 is not in node_modules.'
      : `The bundled Node does not run here (${typeof version === 'string' ? version.trim() : version.message}).`,
    `Install Node 24 or newer for ${process.platform} ${process.arch} and run the command with it.`,
  )
}

/** Runs `work` unless the stamp says that it was already done from exactly these inputs. */
async function whenStale(stamp, output, inputs, extra, work) {
  const fingerprint = hashFiles(inputs, extra)
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === fingerprint) return
  await work()
  writeFileSync(stamp, `${fingerprint}\n`)
}

async function generate() {
  const version = readJson(at('node_modules', 'prisma', 'package.json'))?.version ?? ''
  const client = at('prisma', 'client')
  await whenStale(join(client, '.generated-from'), join(client, 'client.ts'), ['prisma/schema.prisma'], version, () =>
    step('generating the database client', 'database client generated', async () => {
      await run(join(binaries, 'prisma'), ['generate'], {
        cwd: root,
        env: toolEnv(),
        remedy: 'Correct prisma/schema.prisma.',
      })
    }),
  )
  if (!existsSync(at('codegen.ts'))) return
  const documents = at('graphql', 'documents', 'generated')
  const inputs = ['codegen.ts', 'graphql/schema.graphql', 'graphql/documents', 'app']
  await whenStale(join(documents, '.generated-from'), join(documents, 'graphql.ts'), inputs, '', () =>
    step('generating the typed API documents', 'typed API documents generated', async () => {
      await run(join(binaries, 'graphql-codegen'), ['--config', 'codegen.ts'], {
        cwd: root,
        env: toolEnv(),
        remedy: 'Correct the GraphQL document that is named above, or graphql/schema.graphql.',
      })
    }),
  )
}

async function buildConsole() {
  if (!existsSync(at('next.config.ts'))) return
  const inputs = ['app', 'graphql', 'lib', 'public', 'next.config.ts', 'postcss.config.mjs', 'prisma/schema.prisma']
  const extra = readFileSync(at('package-lock.json'), 'utf8')
  await whenStale(at('.next', 'built-from'), at('.next', 'BUILD_ID'), inputs, extra, () =>
    step('building the console', 'console built', async () => {
      await run(join(binaries, 'next'), ['build'], {
        cwd: root,
        env: toolEnv({ NODE_ENV: 'production' }),
        remedy: 'Correct what the build names above and run the command again.',
      })
    }),
  )
}

/** Everything that must exist before the server starts. Gives the path of the Node to run it with. */
export async function prepare({ build = true } = {}) {
  checkNode()
  await installPackages()
  const node = await findNode()
  await generate()
  if (build) await buildConsole()
  return node
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

function hashFiles(inputs, extra) {
  const hash = createHash('sha256').update(extra)
  for (const path of inputs.flatMap((input) => filesUnder(input)).sort()) {
    hash.update(`${path}\0`).update(readFileSync(at(path)))
  }
  return hash.digest('hex')
}

/** Source files under a path of the repository: no tests, nothing generated. */
function filesUnder(path) {
  const found = statSync(at(path), { throwIfNoEntry: false })
  if (!found?.isDirectory()) return found ? [path] : []
  return readdirSync(at(path), { withFileTypes: true }).flatMap((entry) => {
    const child = `${path}/${entry.name}`
    if (entry.isDirectory()) return entry.name === 'generated' ? [] : filesUnder(child)
    return /\.test\.tsx?$/.test(entry.name) ? [] : [child]
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { explain } = await import('./terminal.mjs')
  await prepare({ build: !process.argv.includes('--no-build') }).catch((error) => {
    process.exitCode = explain(error)
  })
}
