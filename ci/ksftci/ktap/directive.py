# SPDX-License-Identifier: GPL-2.0-only
"""The directive in a result's text: `# SKIP no swap`, `# exit=139`, and the verdict that it gives."""

import re

from ksftci.results.model import Verdict

_DIRECTIVE = re.compile(
    r"(?:^|(?<=\s))#\s*(?P<word>SKIP|TODO|XFAIL|XPASS|TIMEOUT|ERROR)\b:?\s*(?P<rest>.*)",
    re.IGNORECASE,
)
_EXIT = re.compile(r"#\s*(?P<text>exit=(?P<status>\d{1,9}))$")
_VERDICTS = {
    "SKIP": Verdict.SKIP,
    "TODO": Verdict.XFAIL,
    "XFAIL": Verdict.XFAIL,
    "XPASS": Verdict.XPASS,
    "TIMEOUT": Verdict.TIMEOUT,
    "ERROR": Verdict.ERROR,
}


def judge(failed: bool, text: str) -> tuple[str, Verdict, str]:
    """(name, verdict, reason) of a result; `failed` says that its line begins with "not".

    The text is "name", "name # SKIP reason" as in ktap.rst and runner.sh, or "# SKIP name" as kselftest.h prints it.
    """
    verdict = Verdict.FAIL if failed else Verdict.PASS
    if "#" not in text:
        return text, verdict, ""
    if match := _DIRECTIVE.search(text):
        word = match["word"].upper()
        name, rest = text[: match.start()].strip(), match["rest"].strip()
        verdict = _VERDICTS[word]
        if word == "TODO" and not failed:
            verdict = Verdict.XPASS
        name = name.replace("\\#", "#")
        if not name:  # ksft_test_result_skip() and its like print the directive first
            return rest.replace("\\#", "#"), verdict, ""
        reason = f"timeout after {rest}" if word == "TIMEOUT" and rest else rest
        return name, verdict, reason
    if match := _EXIT.search(text):
        if failed and int(match["status"]) > 128:  # a shell's 128 + signal
            verdict = Verdict.CRASH
        return text[: match.start()].strip(), verdict, match["text"]
    return text.replace("\\#", "#"), verdict, ""
