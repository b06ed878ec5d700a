import type { Backup, BackupEvent } from './documents.ts'
import { applyEvent, plainLine, renderBars, type View, viewOf } from './view.ts'

/** Where a watched backup is shown. */
export interface Screen {
  begin(backup: Backup): void
  event(event: BackupEvent): void
  end(): void
}

export interface Output {
  write(text: string): unknown
  columns?: number
  isTTY?: boolean
}

/** Bars that are redrawn in place, with log lines running above them. */
export function liveScreen(output: Output, colour: boolean): Screen {
  let view: View = new Map()
  let drawn = 0
  const erase = () => (drawn === 0 ? '' : `\x1b[${drawn}A\x1b[0J`)
  const draw = (above = '') => {
    // A terminal that does not know its size says 0.
    const lines = renderBars(view, output.columns || 80, colour)
    output.write(`${erase()}${above}${lines.map((line) => `${line}\n`).join('')}`)
    drawn = lines.length
  }
  return {
    begin(backup) {
      view = viewOf(backup)
      draw()
    },
    event(event) {
      const before = view
      view = applyEvent(view, event)
      const told = event.kind === 'LOG' && event.level !== 'DEBUG' ? plainLine(before, view, event) : null
      draw(told === null ? '' : `${told}\n`)
    },
    end: () => draw(),
  }
}

/** One line per thing that happens, for pipes and log files. */
export function plainScreen(output: Output): Screen {
  let view: View = new Map()
  return {
    begin(backup) {
      view = viewOf(backup)
      output.write(`Backup ${backup.id}: ${backup.state}\n`)
    },
    event(event) {
      const before = view
      view = applyEvent(view, event)
      const line = plainLine(before, view, event)
      if (line !== null) output.write(`${line}\n`)
    },
    end() {},
  }
}

/** One JSON object per event. */
export function jsonScreen(output: Output): Screen {
  return {
    begin() {},
    event: (event) => output.write(`${JSON.stringify(event)}\n`),
    end() {},
  }
}
