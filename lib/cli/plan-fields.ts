import { type Command, InvalidArgumentError, Option } from 'commander'
import { blackoutsOf } from './blackouts.ts'
import type { CommonFlags } from './command.ts'
import type { Connection } from './connection.ts'
import { CommandFailed } from './failure.ts'
import { findRepository } from './find-repository.ts'
import { type HookFlags, hooksFrom, withHooks } from './plan-hooks.ts'
import type { SettingsInput } from './settings.ts'

export interface PlanFlags extends CommonFlags, HookFlags {
  name?: string
  description?: string
  environment?: string[]
  type?: string[]
  tag?: string[]
  source?: string[]
  all?: boolean
  schedule?: string
  timeZone?: string
  from?: string
  until?: string
  jitter?: number
  catchUp?: boolean
  compression?: number
  repository?: string
  copyTo?: string
  uploadLimit?: number | 'none'
  runsAtOnce?: number | 'none'
  notify?: string[]
  notifyOn?: string
  notification?: string
  logVerbosity?: string
  blackout?: string[]
  verifyEvery?: number
  retries?: number
  retryPause?: number
  timeLimit?: number
  keep?: Record<string, number>
  confirmEnvironment?: string[]
}

const number = (text: string): number => {
  if (/^\d+$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Use a whole number.')
}

/** Commander makes an empty text of null. */
const numberOrNone = (text: string): number | 'none' => (text === 'none' ? text : number(text))

const KEPT = ['days', 'last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly']

/** Each word adds to the rule; what is not named keeps nothing. */
function keep(text: string, before: Record<string, number> | undefined): Record<string, number> {
  const [what = '', many = ''] = text.split('=')
  if (!KEPT.includes(what) || !/^\d+$/.test(many))
    throw new InvalidArgumentError(`Use ${KEPT.join(', ')} with a number, like daily=7.`)
  return { days: 0, ...before, [what]: Number(many) }
}

/** The flags with which a plan is made or changed, but for its name. */
export function withFields(command: Command): Command {
  return withHooks(command)
    .option('--description <text>', 'for the others')
    .option('--all', 'all sources, new ones included')
    .option('--environment <name...>', 'all sources of these environments, new ones included')
    .addOption(
      new Option('--type <type...>', 'all sources of these types').choices(['database', 'user_data', 'storage']),
    )
    .option('--tag <tag...>', 'all sources with one of these tags')
    .option('--source <id...>', 'these sources only')
    .option('--schedule <text>', 'hourly, daily, weekly, monthly, a cron expression, or “none” for by hand only')
    .option('--time-zone <name>', 'like Europe/Berlin')
    .option('--from <time>', 'it starts only from this time of day, like 01:00; “none” for any')
    .option('--until <time>', 'and until this one')
    .option('--blackout <time...>', 'it does not start then, like “mon-fri 08:00-18:00”; “none” for no such time')
    .option('--jitter <seconds>', 'it starts up to this much later', number)
    .option('--catch-up', 'make up for a missed time, once')
    .option('--no-catch-up', 'only report a missed time')
    .option('--compression <level>', '1 (least) to 9', number)
    .option(
      '--repository <repository>',
      'where all is saved, its id or its name; “none”: where each source is otherwise',
    )
    .option('--copy-to <repository>', 'where the second copies go; “none”: where the repository says')
    .option(
      '--upload-limit <kib>',
      'of each run, KiB per second; “none” for no limit but the repository’s',
      numberOrNone,
    )
    .option('--runs-at-once <runs>', 'of one backup, at most; “none” for as many as go', numberOrNone)
    .option('--notify <address...>', 'who is told; “none” for the recipients of the server')
    .addOption(
      new Option('--notify-on <what>', 'of what they are told').choices(['all', 'failure', 'success', 'nothing']),
    )
    .addOption(
      new Option('--notification <what>', 'whether people are told at all').choices(['on', 'off', 'as-options-say']),
    )
    .addOption(
      new Option('--log-verbosity <level>', 'keep lines of its runs’ logs from this level on; “none” for all').choices([
        ...['DEBUG', 'INFO', 'WARNING', 'ERROR'],
        'none',
      ]),
    )
    .option('--verify-every <days>', 'the newest good backup of each source; 0: never by itself', number)
    .option('--retries <times>', 'of a run that failed for a reason that may pass', number)
    .option('--retry-pause <seconds>', 'before the first retry; it doubles each time', number)
    .option('--time-limit <seconds>', 'of a run', number)
    .option(
      '--keep <what=how-many...>',
      'days, last, hourly, daily, weekly, monthly, yearly; in place of the old rule',
      keep,
    )
    .option('--confirm-environment <name...>', 'the protected ones, to change what is kept of their backups')
}

/** Only what was given. */
export async function inputOf(
  flags: PlanFlags,
  input: SettingsInput,
  connection: Connection,
): Promise<Record<string, unknown>> {
  const orNull = <Value>(value: Value | 'none') => (value === 'none' ? null : value)
  const idOf = async (name: string | undefined) =>
    name === undefined || name === 'none' ? orNull(name) : (await findRepository(connection, name)).id
  const given = {
    name: flags.name,
    description: flags.description,
    selection: selectionOf(flags),
    schedule: orNull(flags.schedule),
    timeZone: flags.timeZone,
    windowFrom: orNull(flags.from),
    windowTo: orNull(flags.until),
    jitterSeconds: flags.jitter,
    catchUp: flags.catchUp,
    compressionLevel: flags.compression,
    repositoryId: await idOf(flags.repository),
    copyRepositoryId: await idOf(flags.copyTo),
    uploadKibPerSecond: orNull(flags.uploadLimit),
    runsAtOnce: orNull(flags.runsAtOnce),
    notifyRecipients: flags.notify?.join() === 'none' ? [] : flags.notify,
    notifyOnSuccess: flags.notifyOn && ['all', 'success'].includes(flags.notifyOn),
    notifyOnFailure: flags.notifyOn && ['all', 'failure'].includes(flags.notifyOn),
    notificationEnabled:
      flags.notification && (flags.notification === 'as-options-say' ? null : flags.notification === 'on'),
    logVerbosity: orNull(flags.logVerbosity),
    blackouts: blackoutsOf(flags.blackout),
    verifyEveryDays: flags.verifyEvery,
    retries: flags.retries,
    retryPauseSeconds: flags.retryPause,
    timeLimitSeconds: flags.timeLimit,
    retention: flags.keep,
    ...(await hooksFrom(flags, input)),
    confirmEnvironment: flags.confirmEnvironment,
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function selectionOf({ all, source, environment, type, tag }: PlanFlags): object | undefined {
  if (source && (all || environment || type || tag))
    throw new CommandFailed(
      'Either some sources are named, or all that fit are taken.',
      'Use --source alone, or --environment, --type and --tag.',
    )
  if (source) return { sourceIds: source }
  if (!all && !environment && !type && !tag) return undefined
  return {
    ...(environment && { environments: environment }),
    ...(type && { types: type.map((one) => one.toUpperCase()) }),
    ...(tag && { tags: tag }),
  }
}
