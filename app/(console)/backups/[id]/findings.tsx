import type { RunDetail } from '#app/_data/backup.ts'
import { Notice } from '#app/_ui/notice.tsx'

/** What the log of a run shows: likely causes with what to do, and the lines that show them. */
export function Findings({ findings }: Pick<RunDetail, 'findings'>) {
  return (
    <div data-tight className="mb-3 grid gap-3 empty:hidden">
      {findings
        .filter(({ isNews }) => isNews)
        .map((finding) => (
          <Notice
            key={finding.rule}
            tone={finding.severity === 'ERROR' ? 'bad' : 'warn'}
            title={`Likely cause: ${finding.cause}`}
          >
            <p>{finding.remedy}</p>
            {finding.link ? (
              <p className="mt-1">
                <a href={finding.link} rel="noreferrer" className="text-accent underline underline-offset-2">
                  What its documentation says
                </a>
              </p>
            ) : null}
            {finding.evidence.length > 0 ? (
              <details className="mt-2">
                <summary className="cursor-pointer text-small text-ink-soft">
                  {finding.count === 1 ? 'The line that shows it' : `${finding.count} lines show it`}
                </summary>
                <ul className="mt-1 grid gap-1 font-mono text-label">
                  {finding.evidence.map((line) => (
                    <li key={line} className="break-words">
                      {line}
                    </li>
                  ))}
                </ul>
              </details>
            ) : null}
          </Notice>
        ))}
    </div>
  )
}
