"use client";

/** For where even the layout fails. Next's own has a style element without a nonce, which the page's policy stops. */
export default function GlobalError() {
  return (
    <html lang="en">
      <body>
        <main>
          <h1>This page could not be shown</h1>
          <button type="button" onClick={() => location.reload()}>
            Load it again
          </button>
        </main>
      </body>
    </html>
  );
}
