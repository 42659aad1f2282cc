-- What the sandbox provider gave back is what was taken back here, one by one, on the payment that was
-- charged.
select coalesce('take-back tbk_' || replace(t.uuid::text, '-', ''), 'refund ' || r.key) as subject,
       coalesce(t.status, 'unknown') || ' here, '
         || coalesce(r.result || ' of ' || r.amount_minor, 'unknown') || ' at the provider'
         as difference
from (
  select t.*, p.currency, 'pay_' || replace(p.uuid::text, '-', '') as charge_key
  from wallets_takeback t
  join wallets_payment p on p.id = t.payment_id and p.provider = 'sandbox'
) t
full join wallets_sandboxrefund r on r.key = 'tbk_' || replace(t.uuid::text, '-', '')
where case
    when t.id is null then r.result = 'succeeded'
    when t.status = 'succeeded' then
      (r.result, r.amount_minor, r.currency, r.charge_key)
        is distinct from ('succeeded', t.amount_minor, t.currency, t.charge_key)
    when t.status = 'failed' then r.result is distinct from 'declined'
    else t.requested_at < now() - interval '15 minutes'
  end
