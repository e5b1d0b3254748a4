// SPDX-License-Identifier: GPL-2.0-only
// What mikepenz/action-junit-report makes of a file: its library, and the fields that it takes
// (src/testParser.ts), as JSON. Places in a log, which it looks for where there is none, are left out.
import {readFileSync} from 'node:fs'
import {xml2json} from 'xml-js'

const many = (value) => (value === undefined ? [] : [value].flat())

function* casesOf(suite, path) {
  const here = suite._attributes?.name ? [...path, suite._attributes.name] : path
  for (const testcase of many(suite.testcase)) yield [here, testcase]
  for (const inner of many(suite.testsuite)) yield* casesOf(inner, here)
}

const document = JSON.parse(xml2json(readFileSync(process.argv[2], 'utf8'), {compact: true}))
const found = []
for (const [suites, testcase] of casesOf(document.testsuites ?? document.testsuite, [])) {
  const {name, classname, file, line, time} = testcase._attributes
  const issues = [...many(testcase.failure), ...many(testcase.error)]
  const skipped = testcase.skipped !== undefined
  const details = String(issues[0]?._cdata || issues[0]?._text || '').trim()
  found.push({
    suite: suites.join('/'),
    name,
    classname,
    file: file ?? null,
    line: line ? parseInt(line) : null,
    seconds: parseFloat(time ?? '0'),
    status: skipped ? 'skipped' : issues.length ? 'failure' : 'success',
    message: (issues[0]?._attributes?.message || details || name).trim(),
    details,
    retries: many(testcase.flakyFailure).length
  })
}
console.log(JSON.stringify(found))
