/** As Debian installs it, and CI does with `.ci/install-chromium`. */
export const CHROMIUM = '/usr/bin/chromium';
export const NO_CHROMIUM = 'Chromium is not installed: run .ci/install-chromium';

export const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
