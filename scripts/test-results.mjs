/** What a report says: how many tests passed, and the titles of those that failed or were skipped. */

/** @param {{testResults: {name: string, status: string, assertionResults: {fullName: string, status: string}[]}[]}} report */
export function readVitest(report) {
  const results = { passed: 0, failed: [], skipped: [] }
  for (const file of report.testResults) {
    for (const test of file.assertionResults) {
      if (test.status === 'passed') results.passed += 1
      else if (test.status === 'failed') results.failed.push(test.fullName)
      else results.skipped.push(test.fullName)
    }
    // A file that could not be loaded, or whose hooks failed, may name no failed test.
    const named = file.assertionResults.some((test) => test.status === 'failed')
    if (file.status === 'failed' && !named) results.failed.push(file.name)
  }
  return results
}

/** @param {{suites?: object[], errors?: {message?: string}[]}} report */
export function readPlaywright(report) {
  const results = { passed: 0, failed: [], skipped: [] }
  const visit = (suite, titles) => {
    const path = [...titles, suite.title].filter(Boolean)
    for (const spec of suite.specs ?? []) {
      for (const test of spec.tests) {
        const title = [...path, spec.title, test.projectName].filter(Boolean).join(' › ')
        if (test.status === 'expected') results.passed += 1
        else if (test.status === 'skipped') results.skipped.push(title)
        else results.failed.push(test.status === 'flaky' ? `${title} (only passed when repeated)` : title)
      }
    }
    for (const child of suite.suites ?? []) visit(child, path)
  }
  for (const suite of report.suites ?? []) visit(suite, [])
  for (const error of report.errors ?? []) results.failed.push(error.message ?? 'an error outside of any test')
  return results
}
