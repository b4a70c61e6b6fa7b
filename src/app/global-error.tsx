"use client";

/**
 * Replaces a page whose layout fails. Next's own error page has a style element without a nonce, which the page's
 * policy blocks.
 */
export default function GlobalError() {
  return (
    <html lang="en">
      <body>
        <main>
          <h1>This page could not be shown</h1>
          <button type="button" onClick={() => location.reload()}>
            Reload page
          </button>
        </main>
      </body>
    </html>
  );
}
