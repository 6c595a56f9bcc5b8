//! The providers of ids of the trusted-server's branches of August 2026, of which one makes them as they are made here.

use toml_edit::{Item, Key};

use super::rows::{self, Becomes};
use super::secrets::Secrets;
use super::tables::Rebuilt;
use super::{EC, MigrateError, PROVIDERS, passphrase};

/// Takes the passphrase over; all else becomes comments.
pub(super) fn rewrite(
    key: &Key,
    item: Item,
    rebuilt: &mut Rebuilt,
    secrets: &mut Secrets,
) -> Result<(), MigrateError> {
    let mut providers = match item.into_table() {
        Ok(providers) => providers,
        Err(item) => {
            rebuilt.comment_out(EC, key, &item, secrets);
            return Ok(());
        }
    };
    rebuilt.header(&providers);
    for (provider, item) in Rebuilt::entries(&mut providers) {
        let path = format!("{PROVIDERS}.{}", provider.get());
        let mut fields = match item.into_table() {
            Ok(fields) => fields,
            Err(item) => {
                rebuilt.comment_out(PROVIDERS, &provider, &item, secrets);
                continue;
            }
        };
        rebuilt.header(&fields);
        for (key, item) in Rebuilt::entries(&mut fields) {
            let name = format!("{path}.{}", key.get());
            match rows::of(&name) {
                Some(Becomes::Secret(to)) if item.is_str() => {
                    let reference = passphrase(&item, name, secrets)?;
                    rebuilt.keep(&key, &item, to, reference);
                }
                Some(Becomes::Secret(_)) => rebuilt.same(key, item),
                _ => rebuilt.comment_out(&path, &key, &item, secrets),
            }
        }
    }
    Ok(())
}
