/** Whether a version such as `8.2.0` or `7.0.4-beta.1` is `least` or later. An unknown version is taken for a new one. */
export function isAtLeast(version: string | null, least: string): boolean {
  const own = version === null ? null : /^v?(\d+)\.(\d+)\.(\d+)/.exec(version);
  if (!own) return true;
  const wanted = least.split('.').map(Number);
  for (const [index, part] of own.slice(1).map(Number).entries()) {
    const other = wanted[index] ?? 0;
    if (part !== other) return part > other;
  }
  return true;
}
