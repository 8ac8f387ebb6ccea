import './templates.css';
import { Route, Switch } from 'wouter';
import type { Actor } from '../service/api-types.js';
import { ImportPage } from './import-page.js';
import { ListPage } from './list/list-page.js';
import { NewPage } from './editing/new-page.js';
import { TemplatePage } from './template-page.js';

/** The replies that the team keeps ready. Leads and admins change them. */
export default function TemplatesPage({ actor }: { actor: Actor }) {
  const mayEdit = actor.role === 'lead' || actor.role === 'admin';
  return (
    <Switch>
      {/* Apart from the pages' own names: a template may have any of them for its id. */}
      <Route path="/t/:id">{({ id }) => <TemplatePage key={id} id={decodeURIComponent(id)} mayEdit={mayEdit} />}</Route>
      {mayEdit && (
        <Route path="/new">
          <NewPage />
        </Route>
      )}
      {mayEdit && (
        <Route path="/import">
          <ImportPage />
        </Route>
      )}
      <Route>
        <ListPage mayEdit={mayEdit} />
      </Route>
    </Switch>
  );
}
