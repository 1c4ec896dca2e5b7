/** A line of progress, at once. */
export function tell(line: string): void {
  process.stdout.write(`soak: ${line}\n`);
}
