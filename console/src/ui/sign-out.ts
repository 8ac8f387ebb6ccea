import { useMutation, useQueryClient } from '@tanstack/react-query';
import * as api from '../service/api.js';
import { dropDrafts } from '../service/drafts.js';

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: api.signOut,
    // Nothing that was read stays behind for the next person at this screen.
    onSuccess: () => {
      dropDrafts();
      return client.resetQueries();
    },
  });
}
