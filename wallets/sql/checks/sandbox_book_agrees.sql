-- What the sandbox provider took is what was received here, payment by payment.
select coalesce('payment pay_' || replace(p.uuid::text, '-', ''), 'charge ' || c.key) as subject,
       coalesce(p.status, 'unknown') || ' here, '
         || coalesce(c.result || ' of ' || c.amount_minor, 'unknown') || ' at the provider'
         as difference
from (select * from wallets_payment where provider = 'sandbox') p
full join wallets_sandboxcharge c on c.key = 'pay_' || replace(p.uuid::text, '-', '')
where case
    when p.id is null then c.result = 'succeeded'
    when p.status = 'succeeded' then
      c.result is distinct from 'succeeded' or c.amount_minor <> p.received_minor
      or c.currency <> p.currency
    when p.status = 'failed' then c.result is distinct from 'declined'
    else p.created_at < now() - interval '15 minutes'
  end
