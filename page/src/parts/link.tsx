/** Links. Those within the page do not load it again; those to others tell them nothing, and are never a script. */
import type { ComponentChildren } from 'preact';
import type { View } from '../address.ts';
import { toWeb } from '../share.ts';
import { go, hrefOf } from '../store.ts';

interface InnerProps {
  to: Partial<View>;
  children: ComponentChildren;
  class?: string;
}

export function Inner({ children, class: name, to }: InnerProps) {
  const follow = (event: MouseEvent) => {
    // Another tab, or another window.
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return (
    <a href={hrefOf(to)} class={name} onClick={follow}>
      {children}
    </a>
  );
}

export function Outer({ children, href }: { href: string | null; children: ComponentChildren }) {
  const url = toWeb(href);
  if (url === null) return null;
  return (
    <a href={url} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  );
}
