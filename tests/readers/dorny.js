// SPDX-License-Identifier: GPL-2.0-only
// What dorny/test-reporter makes of a file as java-junit: its library, and the fields that it takes
// (src/parsers/java-junit/java-junit-parser.ts), as JSON. It looks for places in Java's stack traces alone.
import {readFileSync} from 'node:fs'
import {parseStringPromise} from 'xml2js'

const document = await parseStringPromise(readFileSync(process.argv[2], 'utf8'))
const found = []
for (const suite of document.testsuites?.testsuite ?? [document.testsuite]) {
  for (const testcase of suite.testcase ?? []) {
    const issue = (testcase.failure ?? testcase.error)?.[0]
    const {message, type} = issue?.$ ?? {}
    found.push({
      suite: suite.$.name.trim(),
      suiteSeconds: parseFloat(suite.$.time),
      name: testcase.$.name.trim(),
      classname: testcase.$.classname,
      file: null,
      line: null,
      seconds: parseFloat(testcase.$.time),
      status: issue !== undefined ? 'failed' : testcase.skipped ? 'skipped' : 'success',
      message: type ? `${type}: ${message}` : message ?? '',
      details: (typeof issue === 'object' ? issue._ : issue) ?? ''
    })
  }
}
console.log(JSON.stringify(found))
