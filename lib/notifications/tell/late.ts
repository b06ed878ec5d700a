import { type Told, tell } from '../told.ts'

/** What a person is told about a source whose newest good backup is too old. Pure. */
export function tellLate(
  source: { id: string; name: string; environment: { name: string } },
  since: Date,
  wasSaved: boolean,
  publicUrl: string,
): Told {
  return tell({
    title: wasSaved ? `No good backup of ${source.name} for too long` : `${source.name} was never backed up`,
    tone: 'bad',
    facts: [
      ['Source', source.name],
      ['Environment', source.environment.name],
      ['Late since', since.toISOString()],
    ],
    problem: {
      message: wasSaved
        ? 'Its newest good backup is older than it should become.'
        : 'There is no good backup of it at all.',
      remedy: 'See in its last backups what went wrong, and whether a plan takes it; then trigger one.',
    },
    link: `${publicUrl}/backups?source=${source.id}`,
    linkText: 'Open its backups in the console',
  })
}
