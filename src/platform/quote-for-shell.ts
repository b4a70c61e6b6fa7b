/** Characters without a special meaning in any shell. */
const plain = /^[A-Za-z0-9_./:=@%+,-]+$/;

/** Quotes one word of a command for a POSIX shell, if it needs quotes. */
export function quoteForShell(word: string): string {
  return plain.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
