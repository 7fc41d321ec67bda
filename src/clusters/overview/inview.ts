/** Whether an element can be seen: in the panel, with the panel shown. */
import React from 'react';

/** Starts false; always true where the browser can't tell. */
export function useInView(node: React.RefObject<Element>): boolean {
  const [isSeen, setSeen] = React.useState(
    typeof IntersectionObserver === 'undefined'
  );
  React.useEffect(() => {
    if (!node.current || typeof IntersectionObserver === 'undefined') {
      return;
    }
    const observer = new IntersectionObserver(entries => {
      setSeen(entries[entries.length - 1].isIntersecting);
    });
    observer.observe(node.current);
    return () => observer.disconnect();
  }, [node]);
  return isSeen;
}
