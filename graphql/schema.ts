import { builder } from './builder.ts'
import './scalars.ts'
import './enums.ts'
import './errors.ts'
import './viewer.ts'
import './environment.ts'
import './source.ts'
import './repository.ts'
import './run.ts'
import './backup.ts'
import './notification.ts'

export const schema = builder.toSchema()
