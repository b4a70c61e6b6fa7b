/** Characters that mean nothing to any shell. */
const plain = /^[A-Za-z0-9_./:=@%+,-]+$/;

/** One word of a command as it can be pasted into a POSIX shell; unquoted where that is the same. */
export function quoteForShell(word: string): string {
  return plain.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
