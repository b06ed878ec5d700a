/**
 * Checks which file may import which: `node scripts/import-order.mjs`. Written here because the usual tools parse
 * TypeScript with the compiler's old API, which TypeScript 7 does not have.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAst } from 'vitest/node'

/** The folders of lib/. A folder imports only from earlier lines, never from its own line's neighbours. */
export const lines = [
  ['errors'],
  ['clock', 'secrets', 'cron'],
  ['config', 'forms'],
  ['log', 'tracing'],
  ['process'],
  ['database', 'commands'],
  ['queue', 'events'],
  ['audit'],
  ['restic', 'sources', 'auth', 'hooks'],
  ['environments', 'repositories'],
  ['settings'],
  ['retention'],
  ['plans'],
  ['backups', 'log-analysis'],
  ['maintenance', 'notifications', 'restores', 'schedules', 'statistics'],
  ['configuration', 'metrics'],
  ['runtime'],
  ['processes', 'cli'],
]

/** What drivers must not know, so that each stays a plain description of one kind of source. */
const closedToDrivers = ['database', 'queue', 'config']

/** Folders of lib/sources that drivers share: how to connect, and tables as files. */
const sharedByDrivers = ['connections', 'exports']

const bannedNames = /^(utils?|helpers?|common|misc|shared)(\.|$)/

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const lineOf = (folder) => lines.findIndex((line) => line.includes(folder))
const isTest = (path) => /\.(test|spec|fixture)\.tsx?$|(^|\/)(conformance(-faults)?\.ts$|testing\/|e2e\/)/.test(path)

/** The folders of lib/ against the array: what is in only one of the two. */
export function compareFolders(folders) {
  const known = lines.flat()
  return [
    ...folders
      .filter((name) => name !== 'testing' && !known.includes(name))
      .map((name) => `lib/${name} is missing in the import order`),
    ...known
      .filter((name) => !folders.includes(name))
      .map((name) => `lib/${name} is in the import order and does not exist`),
  ]
}

/**
 * Why `from` may not import `to`; null when it may. Paths are relative to the repository with forward slashes; a package
 * or a module of Node's is its plain name.
 */
export function refusal(from, to, { client = false, typeOnly = false } = {}) {
  const [fromTop, fromFolder] = from.split('/')
  const [toTop, toFolder] = to.split('/')
  const test = isTest(from)
  if (/^(node:)?child_process$/.test(to)) {
    const owner = from.startsWith('lib/process/') || from === 'lib/cli/backup-trigger.mjs'
    return owner || test || typeOnly ? null : 'only lib/process starts programs'
  }
  if (test) return null
  if (toTop === 'lib') {
    if (toFolder === 'testing' || isTest(to)) return 'what is there for tests is for tests only'
    if (client) return 'code that runs in the browser imports nothing of lib/'
    if (fromTop === 'lib') return refusalInLib(from, fromFolder, to, toFolder)
    if (toFolder === 'cli') return 'nobody imports lib/cli'
    if (toFolder === 'processes') return 'nobody imports lib/processes'
  }
  if (toTop === 'graphql' && client && !to.startsWith('graphql/documents/'))
    return 'code that runs in the browser imports only graphql/documents'
  if (toTop === 'prisma' && client) return 'code that runs in the browser imports nothing of prisma/'
  if (fromTop === 'lib' && toTop === 'graphql' && fromFolder !== 'processes') return 'lib/ does not know graphql/'
  if (fromTop !== 'app' && toTop === 'app') return 'nobody imports app/'
  return null
}

function refusalInLib(from, fromFolder, to, toFolder) {
  if (fromFolder === toFolder) {
    const driver = from.match(/^lib\/sources\/([^/]+)\//)?.[1]
    const other = to.match(/^lib\/sources\/([^/]+)\//)?.[1]
    return driver && other && driver !== other && !sharedByDrivers.includes(other)
      ? 'a driver does not import another driver'
      : null
  }
  if (fromFolder === 'sources' && closedToDrivers.includes(toFolder)) return `lib/sources does not know lib/${toFolder}`
  const [own, wanted] = [lineOf(fromFolder), lineOf(toFolder)]
  if (own === -1 || wanted === -1) return `lib/${own === -1 ? fromFolder : toFolder} is not in the import order`
  if (wanted === own) return `lib/${fromFolder} and lib/${toFolder} are neighbours on one line of the import order`
  return wanted > own ? `lib/${toFolder} comes later in the import order than lib/${fromFolder}` : null
}

/** Everything that is wrong in one file. */
export function checkFile(path, source) {
  const tree = parseAst(source, { lang: /\.[jt]sx$/.test(path) ? 'tsx' : /\.ts$/.test(path) ? 'ts' : 'js' })
  const client = runsInBrowser(path, tree)
  const problems = []
  const told = (node, text) => problems.push(`${path}:${source.slice(0, node.start).split('\n').length} ${text}`)
  walk(tree, (node) => {
    const request = requestOf(node)
    if (request) {
      const to = resolveRequest(path, request)
      const why = refusal(path, to, { client, typeOnly: isTypeOnly(node) })
      if (why) told(node, `imports ${to}: ${why}`)
    }
    if (isTest(path)) return
    const owned = ownedAccess(node)
    if (owned === 'process.env' && readsConfiguration(path))
      told(node, 'reads process.env: only lib/config and lib/cli/environment.ts do')
    if (owned === 'clock' && decidesByTime(path)) told(node, 'reads the clock: only lib/clock does')
  })
  return problems
}

const readsConfiguration = (path) =>
  /^(lib|graphql|app)\//.test(path) && !path.startsWith('lib/config/') && path !== 'lib/cli/environment.ts'
const decidesByTime = (path) => /^(lib|graphql|app\/api)\//.test(path) && !path.startsWith('lib/clock/')

function runsInBrowser(path, tree) {
  if (!path.startsWith('app/')) return false
  return /^app\/_(data|ui)\//.test(path) || tree.body.some((node) => node.directive === 'use client')
}

function requestOf(node) {
  if (/^(ImportDeclaration|ExportNamedDeclaration|ExportAllDeclaration|ImportExpression)$/.test(node.type)) {
    return typeof node.source?.value === 'string' ? node.source.value : null
  }
  return null
}

function isTypeOnly(node) {
  if (node.importKind === 'type' || node.exportKind === 'type') return true
  return node.specifiers?.length > 0 && node.specifiers.every((specifier) => specifier.importKind === 'type')
}

function ownedAccess(node) {
  const names = (object, property) =>
    node.type === 'MemberExpression' &&
    node.object.name === object &&
    (node.property.name ?? node.property.value) === property
  if (names('process', 'env')) return 'process.env'
  if (names('Date', 'now')) return 'clock'
  if (node.type === 'NewExpression' && node.callee.name === 'Date' && node.arguments.length === 0) return 'clock'
  return null
}

/** A request as a path in the repository; packages keep their names. */
function resolveRequest(from, request) {
  if (/^#(lib|graphql|prisma|app)\//.test(request)) return request.slice(1)
  return request.startsWith('.') ? posix.join(posix.dirname(from), request) : request
}

function walk(node, visit) {
  if (typeof node.type === 'string') visit(node)
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child && typeof child === 'object') walk(child, visit)
    }
  }
}

function sourceFiles(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|tsx|mjs)$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !path.includes('/generated/') && !path.includes('/node_modules/'))
}

function main() {
  const folders = readdirSync(join(root, 'lib'), { withFileTypes: true })
  const problems = compareFolders(folders.filter((entry) => entry.isDirectory()).map((entry) => entry.name))
  const files = ['lib', 'graphql', 'app', 'scripts', 'bench'].flatMap((folder) => {
    try {
      return sourceFiles(folder)
    } catch {
      return []
    }
  })
  for (const path of files) {
    for (const part of path.split('/')) {
      if (bannedNames.test(part))
        problems.push(`${path}: “${part}” says nothing about what is in it; name it for its subject`)
    }
    if (/^(scripts|bench)\//.test(path)) continue
    problems.push(...checkFile(path, readFileSync(join(root, path), 'utf8')))
  }
  for (const problem of problems) console.error(problem)
  console.log(`${files.length} files checked, ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`)
  if (problems.length > 0) process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
