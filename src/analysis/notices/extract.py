"""What text does a file hold that is no plain text? Runs by itself, with bounded memory and time.

`python -m analysis.notices.extract FORM` reads a file from standard input and prints JSON: `text`, with tabs between
cells, and `left`, what was not read of it; or `error`. A file from outside may be broken or hostile, so nothing else
reads it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

from analysis.notices.content import Content, Locked, TooMuch
from analysis.notices.letters import of_docx
from analysis.notices.pages import of_pdf
from analysis.notices.sheets import of_tables, of_xlsx
from analysis.notices.web import of_html

MEMORY = 260_000_000  # bytes of data
SECONDS, BYTES_A_SECOND, MOST_SECONDS = 3, 50_000, 12  # of processor time: for any file, more for a larger one
FORMS: dict[str, Callable[[bytes], Content]] = {
    "html": of_html,
    "docx": of_docx,
    "pdf": of_pdf,
    "xlsx": of_xlsx,
    "tables": of_tables,
}


def main() -> None:
    """Print what the file on standard input holds. The exit code says nothing; `error` does."""
    data = sys.stdin.buffer.read()
    try:
        import resource

        seconds = min(SECONDS + len(data) // BYTES_A_SECOND, MOST_SECONDS)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    except ImportError:  # Windows: the caller's time limit alone
        pass
    answer: dict[str, object]
    try:
        content = FORMS[sys.argv[1]](data)
        answer = {"text": content.text, "left": content.left}
    except TooMuch as error:
        answer = {"error": "too_much", "detail": str(error)}
    except Locked:
        answer = {"error": "locked"}
    except MemoryError:
        answer = {"error": "memory"}
    except Exception as error:  # whatever a library makes of a broken file is the answer, never a traceback
        answer = {"error": "damaged", "detail": f"{type(error).__name__}: {error}"[:200]}
    sys.stdout.buffer.write(json.dumps(answer).encode())


if __name__ == "__main__":
    main()
