-- Series that were there before numbers had a pattern: K7QM-2026- and K7QMC-2026-.
update invoicing_invoiceseries s
set prefix = o.code || case s.family when 'credit_note' then 'C' else '' end || '-' || s.year || '-'
from invoicing_issuer o
where o.id = s.issuer_id and s.prefix = '';
