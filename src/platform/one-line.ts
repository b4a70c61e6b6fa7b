/**
 * Removes line breaks from a text that a tenant wrote, so that it cannot end a header or a line of a message, and
 * characters that change the direction of the surrounding text.
 */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
}
