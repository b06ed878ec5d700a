import { access } from './codes/access.ts'
import { hooks } from './codes/hooks.ts'
import { machine } from './codes/machine.ts'
import { mail } from './codes/mail.ts'
import { repositories } from './codes/repositories.ts'
import { requests } from './codes/requests.ts'
import { restores } from './codes/restores.ts'
import { runs } from './codes/runs.ts'
import { sources } from './codes/sources.ts'

export type { ErrorKind, RetryClass } from './codes/entry.ts'

/** Every error a person can see, grouped by subject in codes/. */
export const catalogue = {
  ...requests,
  ...access,
  ...sources,
  ...repositories,
  ...runs,
  ...restores,
  ...hooks,
  ...mail,
  ...machine,
}

export type Code = keyof typeof catalogue
export type Details<C extends Code> = Parameters<(typeof catalogue)[C]['message']>[0]
