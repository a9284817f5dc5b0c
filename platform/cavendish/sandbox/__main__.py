"""`python -m cavendish.sandbox --port 8100` runs the sandbox alone."""

from __future__ import annotations

import argparse

import uvicorn


def main() -> None:
    parser = argparse.ArgumentParser(description="A local server that speaks the Gemini API and draws test pictures.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8100)
    arguments = parser.parse_args()
    # Requests that hang on purpose would delay the end of the process for ever.
    uvicorn.run(
        "cavendish.sandbox.app:application",
        host=arguments.host,
        port=arguments.port,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
