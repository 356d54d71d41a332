"""The web app: server-rendered pages under `/app`, with small native ES modules.

How a page is made (the whole of it is in docs/web-app.md):

1. A module in `app_api/web/pages/` with a `router`, listed in `app_api/web/pages/__init__.py`;
   its routes have `include_in_schema=False` and stand in `PAGES` of `app_api/access.py`.
2. `rendering.render_page(request, "name.html.jinja", title="...", **context)` answers it. The
   template extends `base.html.jinja` and fills `block main`; `block modules` names its ES module.
3. `viewer.viewer_of(request)` tells who looks. `viewer.acting_name(request)` gives whose data the
   page is about, or ends the request with the way to the page that asks for a name.
4. Nothing inline: no `<script>` with a body, no `style=`, no `on...=`. Numbers and ids that a
   script needs stand in `data-...` attributes or come from the API.
5. `navigation.py` has the page's place; it is shown once the page stands in `PAGES`.

Texts of people reach a page escaped, by Jinja2 (autoescape) or as text nodes (`dom.js`).
"""
