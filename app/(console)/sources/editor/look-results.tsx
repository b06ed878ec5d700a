import { problemIn } from '#app/_data/problem.ts'
import type { useDiscoverSource, usePreviewSource, useTestSource } from '#app/_data/source-changes.ts'
import { Choice } from '#app/_ui/field.tsx'
import { bytes, count, duration } from '#app/_ui/format.ts'
import { asProblem, Notice, ProblemNotice } from '#app/_ui/notice.tsx'
import { Fact, Facts } from '#app/_ui/panel.tsx'

export function TestResult({ test }: { test: ReturnType<typeof useTestSource> }) {
  const problem = problemIn(test.data, test.error)
  if (problem) return <ProblemNotice problem={asProblem(problem)} />
  if (test.data?.__typename !== 'TestSourceSuccess') return null
  const { summary, tool, bytes: size, warnings, parts, expectedSeconds } = test.data
  return (
    <Notice tone={warnings.length > 0 ? 'warn' : 'good'} title={`It can be backed up: ${summary}`}>
      {warnings.length > 0 ? (
        <ul className="mb-3 list-disc ps-5">
          {warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      ) : null}
      <Facts>
        <Fact name="About to be read">{size === null ? 'Not known beforehand' : bytes(size)}</Fact>
        <Fact name="Made with">{tool ? `${tool.name} ${tool.version}` : 'No other program'}</Fact>
        <Fact name="How long it takes">
          {expectedSeconds === null ? 'Not known before the first backup' : `About ${duration(expectedSeconds)}`}
        </Fact>
        {parts ? <Fact name="Saved by a run each">{parts.join(', ')}</Fact> : null}
      </Facts>
    </Notice>
  )
}

export function PreviewResult({ preview }: { preview: ReturnType<typeof usePreviewSource> }) {
  const problem = problemIn(preview.data, preview.error)
  if (problem) return <ProblemNotice problem={asProblem(problem)} />
  if (preview.data?.__typename !== 'PreviewSourceSuccess') return null
  const { taken, leftOut, complete } = preview.data
  const atLeast = complete ? '' : 'at least '
  return (
    <Notice
      tone={taken.files === 0 ? 'warn' : 'info'}
      title={`A backup takes ${atLeast}${count(taken.files)} files (${bytes(taken.bytes)}) and leaves out ${atLeast}${count(leftOut.files)}.`}
    >
      {complete ? null : <p>The tree is large: the count stopped when its time was over.</p>}
      <div className="mt-2 grid gap-x-6 gap-y-3 md:grid-cols-2">
        <Examples title="Taken, for example" lines={taken.examples.map((path) => ({ path }))} />
        <Examples title="Left out, for example" lines={leftOut.examples} />
      </div>
    </Notice>
  )
}

function Examples({ title, lines }: { title: string; lines: { path: string; because?: string }[] }) {
  if (lines.length === 0) return null
  return (
    <div className="min-w-0">
      <p className="text-small text-ink-soft">{title}</p>
      <ul className="mt-1 grid gap-0.5">
        {lines.map(({ path, because }) => (
          <li key={path} className="font-mono text-label">
            {path}
            {because ? <span className="font-sans text-ink-soft"> ({because})</span> : null}
          </li>
        ))}
      </ul>
    </div>
  )
}

interface DiscoveredProps {
  discover: ReturnType<typeof useDiscoverSource>
  /** Whether a source can hold several. */
  several: boolean
  chosen: string[]
  onChoose: (names: string[]) => void
}

export function Discovered({ discover, several, chosen, onChoose }: DiscoveredProps) {
  const problem = problemIn(discover.data, discover.error)
  if (problem) return <ProblemNotice problem={asProblem(problem)} />
  if (discover.data?.__typename !== 'DiscoverSourceSuccess') return null
  const { found } = discover.data
  if (found.length === 0)
    return <Notice tone="warn" title="The server answered, and nothing to choose from is there." />
  return (
    <fieldset className="mb-4 min-w-0">
      <legend className="mb-2 text-small font-medium">Found on the server: choose what the source saves</legend>
      <div className="grid max-h-80 gap-2 overflow-y-auto p-0.5 sm:grid-cols-2 lg:grid-cols-3">
        {found.map(({ name, bytes: size }) => (
          <Choice
            key={name}
            kind={several ? 'checkbox' : 'radio'}
            name="discovered"
            checked={chosen.includes(name)}
            onChange={(checked) => {
              if (several) onChoose(checked ? [...chosen, name] : chosen.filter((one) => one !== name))
              else onChoose([name])
            }}
            detail={size === null ? undefined : bytes(size)}
          >
            {name}
          </Choice>
        ))}
      </div>
    </fieldset>
  )
}
